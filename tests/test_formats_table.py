"""Tables: what they may hold, and the line and column of what they may not."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from interbrain.data.errors import BadInput
from interbrain.data.signal import Channel, Signal
from interbrain.formats import table


def _file(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a,b\n1,2\n3,4\n", "a.csv"),
        ("a;b\r\n1;2\r\n3;4\r\n", "a.csv"),
        ("a\tb\n1\t2\n3\t4", "a.tsv"),
        ('"a" "b"\n1 2\n3   4\n', "a.txt"),
        ("\ufeffa,b\n1, 2\n3, 4\n", "a.csv"),
    ],
)
def test_delimiters_and_headers_are_found(tmp_path: Path, text: str, name: str):
    signal = table.read(_file(tmp_path, text, name), rate=2).signal
    assert signal.names == ("a", "b")
    np.testing.assert_array_equal(signal.values, [[[1, 3], [2, 4]]])


def test_gzipped_without_header(tmp_path: Path):
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"1\tn/a\n2\t5\n"))
    signal = table.read(path, rate=4.0, header=False, names=("x", "y")).signal
    assert signal.names == ("x", "y")
    np.testing.assert_array_equal(signal.valid, [[[True, True], [False, True]]])


def test_missing_cells_are_kept_and_masked(tmp_path: Path):
    signal = table.read(_file(tmp_path, "a,b\n1,\nNaN,4\nn/a,5\n"), rate=1).signal
    np.testing.assert_array_equal(signal.values, [[[1, np.nan, np.nan], [np.nan, 4, 5]]])
    np.testing.assert_array_equal(signal.valid, [[[True, False, False], [False, True, True]]])


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("a,b\n1,2\n3,lost\n", {"rate": 1}, r"line 3, column 'b' holds 'lost'; allowed are numbers"),
        ("a;b\n1;2,5\n", {"rate": 1}, r"line 2, column 'b' holds '2,5'"),
        ("a,b\n1,2\n3\n", {"rate": 1}, r"line 3 has 1 columns where line 1 has 2"),
        ("a,b\n1,2\n", {}, r"no sampling rate; allowed is options"),
        ("a,b\n1,2\n", {"rate": -2.0}, r"rate is -2.0 Hz; it must be a positive number"),
        ("a,b\n1,2\n", {"rate": "fast"}, r"the rate is 'fast'"),
        ("a,b\n1,2\n", {"rate": 1, "columns": ["c"]}, r"no column 'c'; there are: a, b \(or 1 to 2\)"),
        ("a,b\n1,2\n", {"rate": 1, "columns": [3]}, r"no column 3"),
        ("a,a\n1,2\n", {"rate": 1, "columns": ["a"]}, r"2 columns 'a'; allowed is one; take it by its number"),
        ("a,b\n", {"rate": 1}, r"has 0 rows"),
        ("t,b\n0,1\n1,2\n1,3\n", {"time_column": "t"}, r"grow from row to row"),
        ("t,b\n0,1\n1,2\n1.6,3\n3,4\n4,5\n", {"time_column": "t"}, r"not even"),
        ("t,b\n0,1\n1,2\n2,2\n1e6,3\n", {"time_column": "t"}, r"spans \d+ samples but has 4 rows"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, options: dict, told: str):
    path = _file(tmp_path, text)
    with pytest.raises(BadInput, match=told) as caught:
        table.read(path, **options)
    assert str(caught.value).startswith(str(path))


def test_a_time_column_gives_rate_start_and_gaps(tmp_path: Path):
    loaded = table.read(_file(tmp_path, "t,x\n2.0,1\n2.04,2\n2.08,3\n2.2,6\n"), time_column="t")
    assert loaded.signal.rate == pytest.approx(25.0) and loaded.signal.names == ("x",)
    np.testing.assert_array_equal(loaded.signal.values, [[[1, 2, 3, np.nan, np.nan, 6]]])
    assert loaded.meta["start_time"] == "1970-01-01T00:00:02.000000"
    assert "2 samples" in loaded.meta["notes"][0]
    unix = table.read(_file(tmp_path, "t,x\n1700000000,1\n1700000001,2\n"), time_column=1)
    assert unix.meta["start_time"] == "2023-11-14T22:13:20.000000+00:00"


@settings(max_examples=25, deadline=None)
@given(
    values=arrays(
        np.float64, st.tuples(st.integers(1, 3), st.integers(1, 6)), elements=st.floats(-1e12, 1e12) | st.just(np.nan)
    ),
    header=st.booleans(),
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, header: bool):
    path = tmp_path_factory.mktemp("t") / "a.tsv.gz"
    channels = tuple(Channel(f"ch {i}") for i in range(len(values)))
    table.write(path, Signal(values[None], 5.0, channels), header=header)
    names = None if header else [c.name for c in channels]
    again = table.read(path, rate=5.0, delimiter="\t", header=header, names=names).signal
    np.testing.assert_array_equal(again.values[0], values)
    assert again.names == tuple(c.name for c in channels)
