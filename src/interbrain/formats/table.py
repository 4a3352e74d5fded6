"""Tables of numbers (csv, tsv, txt), one column a channel, one row a sample."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interbrain.data.errors import BadInput
from interbrain.data.files import write_file
from interbrain.data.points import Points
from interbrain.data.records import FormatRecord
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded
from interbrain.formats._guard import guarded
from interbrain.formats._mne import iso

RECORD = FormatRecord(
    name="table",
    title="table of numbers",
    suffixes=(".txt", ".csv", ".tsv", ".tsv.gz"),
    modalities=("motion", "eda", "heart", "voice", "misc"),
    library="pandas",
    reference="10.25080/Majora-92bf1922-00a",
    writes=True,
    options={
        "rate": "samples per second; needed unless time_column gives it",
        "delimiter": "what separates columns: a character, or 'whitespace'; found out unless given",
        "header": "true or false: whether the first row names the columns; found out unless given",
        "columns": "labels or 1-based numbers of the columns to take; all unless given",
        "time_column": "label or 1-based number of a column of seconds (on the meeting's clock, or Unix time)",
        "names": "names of the columns of a file without a header",
    },
)

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "None", "-", ".")
DELIMITERS = (("\t", "\t"), (";", ";"), (",", ","), ("whitespace", r"\s+"))
QUOTED = re.compile(r'"[^"]*"')
UNIX_S = 1e8
"""Seconds from which a time column is a Unix clock and not a meeting's (the year 1973)."""
LARGEST_GAP = 20
"""A time column may leave out at most this many times the samples that it has."""


def read(
    path: Path,
    rate: float | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    columns: Sequence[str | int] | None = None,
    time_column: str | int | None = None,
    names: Sequence[str] | None = None,
) -> Loaded:
    """Columns as channels. Empty cells and ``n/a`` are NaN and masked, as are rows that the time column leaves out.

    Raises
    ------
    BadInput
        The file is missing or empty, has no rate, holds text where a number should be (told with line and column), rows
        of unequal width, or a time column that is not even.
    """
    path = Path(path)
    return guarded(path, RECORD, lambda: _read_table(path, rate, delimiter, header, columns, time_column, names))


def write(
    path: Path,
    signal: Signal,
    points: Points | None = None,
    meta: dict[str, Any] | None = None,
    header: bool = True,
) -> Path:
    """Write one continuous recording: tabs, every digit, ``n/a`` where masked. A table has no place for points.

    Raises
    ------
    BadInput
        The signal has epochs.
    """
    path = Path(path)
    if signal.epoched or len(signal.segment_ids) != 1:
        raise BadInput(f"{path}: a table cannot hold epochs; allowed is one continuous recording; write FIF instead.")
    values = np.where(signal.valid[0], signal.values[0], np.nan)  # type: ignore[index]
    labels = unique([c.label for c in signal.channels])
    data = pd.DataFrame(values.T, columns=labels)

    def put(file: Any) -> None:
        data.to_csv(file, sep="\t", index=False, header=header, na_rep="n/a", lineterminator="\n")

    def put_packed(file: Any) -> None:
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            put(packed)

    return write_file(path, put_packed if path.name.endswith(".gz") else put)


def unique(labels: Sequence[str]) -> list[str]:
    """Labels, with the place in the table added where one comes again."""
    return [x if labels.index(x) == i else f"{x} #{i + 1}" for i, x in enumerate(labels)]


def _read_table(
    path: Path,
    rate: float | None,
    delimiter: str | None,
    header: bool | None,
    columns: Sequence[str | int] | None,
    time_column: str | int | None,
    names: Sequence[str] | None,
) -> Loaded:
    lines = _lines(path)
    separator = _separator(lines, delimiter)
    cells = _cells(lines, separator)
    has_header = _is_header(cells) if header is None else bool(header)
    labels = [str(c) for c in cells.iloc[0]] if has_header else [str(n) for n in names or range(1, cells.shape[1] + 1)]
    first_line = 2 if has_header else 1
    body = cells.iloc[1:] if has_header else cells
    if len(labels) != cells.shape[1] or not len(body):
        raise BadInput(f"has {len(body)} rows of {cells.shape[1]} columns and {len(labels)} names; one row is needed.")
    wanted = [_position(c, labels) for c in columns] if columns is not None else list(range(len(labels)))
    when = None if time_column is None else _position(time_column, labels)
    wanted = [i for i in wanted if i != when]
    if not wanted:
        raise BadInput(f"no column is left to take; there are: {', '.join(labels)}; name at least one.")
    values = np.stack([_numbers(body.iloc[:, i], labels[i], first_line) for i in wanted])
    meta: dict[str, object] = {}
    if when is not None:
        values, rate, meta = _on_grid(values, _numbers(body.iloc[:, when], labels[when], first_line), rate)
    if rate is None:
        raise BadInput("has no sampling rate; allowed is options = { rate = 25.0 } or a time_column; state one.")
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise BadInput(f"the rate is {rate!r}; allowed is a number of samples per second.")
    channels = tuple(Channel(labels[i]) for i in wanted)
    return Loaded(Signal(values[None], float(rate), channels), meta=meta)


def _lines(path: Path) -> list[str]:
    """Lines that hold something, with their ends kept off; line numbers stay those of the file up to the first gap."""
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig") as handle:
        text = handle.read()
    if "\x00" in text:
        raise BadInput("holds bytes that are not text; allowed is a text table; name the file's right format.")
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise BadInput("holds no rows; allowed is one row a sample; copy it from the device again.")
    return lines


def _separator(lines: list[str], delimiter: str | None) -> str:
    if delimiter is not None:
        return dict(DELIMITERS).get(delimiter, delimiter)
    sample = lines[: min(len(lines), 20)]
    for _, separator in DELIMITERS[:3]:
        if separator in sample[0] and 2 * sum(separator in line for line in sample) > len(sample):
            return separator
    return r"\s+"


def _cells(lines: list[str], separator: str) -> pd.DataFrame:
    """Cells as text. A row that is shorter or longer than the first one is an error with its line."""
    spaced = separator == r"\s+"
    bare = [QUOTED.sub("x", line) if '"' in line else line for line in lines]
    widths = [len(line.split()) if spaced else line.count(separator) + 1 for line in bare]
    odd = next((i for i, w in enumerate(widths) if w != widths[0]), None)
    if odd is not None:
        raise BadInput(
            f"line {odd + 1} has {widths[odd]} columns where line 1 has {widths[0]}; "
            "allowed are rows of one width; the file may be cut short: copy it again, or name its delimiter."
        )
    return pd.read_csv(
        io.StringIO("\n".join(lines)),
        sep=separator,
        header=None,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        skipinitialspace=True,
    ).fillna("")


def _is_header(cells: pd.DataFrame) -> bool:
    """Whether the first row holds a word that is neither a number nor a mark of a missing one."""
    return any(not _is_number(str(c)) and str(c) not in MISSING for c in cells.iloc[0])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _position(column: str | int, labels: list[str]) -> int:
    """A label comes first; a whole number (also as text) is a 1-based position."""
    text = str(column)
    if not isinstance(column, int) and labels.count(text) == 1:
        return labels.index(text)
    if labels.count(text) > 1:
        raise BadInput(f"has {labels.count(text)} columns {text!r}; allowed is one; take it by its number.")
    if text.isdigit() and 1 <= int(text) <= len(labels):
        return int(text) - 1
    raise BadInput(
        f"has no column {column!r}; there are: {', '.join(labels)} (or 1 to {len(labels)}); correct its name."
    )


def _numbers(column: pd.Series, label: str, first_line: int) -> np.ndarray:
    text = column.str.strip()
    blank = text.isin(MISSING)
    numbers = pd.to_numeric(text.where(~blank), errors="coerce")
    bad = np.flatnonzero((numbers.isna() & ~blank).to_numpy())
    if len(bad):
        got = str(text.iloc[bad[0]])
        raise BadInput(
            f"line {bad[0] + first_line}, column {label!r} holds {got[:40]!r}; "
            "allowed are numbers (with a decimal point) and n/a; correct the cell."
        )
    return numbers.to_numpy(dtype=np.float64)


def _on_grid(values: np.ndarray, time: np.ndarray, rate: float | None) -> tuple[np.ndarray, float, dict[str, object]]:
    """Rows placed on whole samples by their time; samples without a row become NaN."""
    if not np.isfinite(time).all() or len(time) < 2 or not (np.diff(time) > 0).all():
        raise BadInput("the time column must be numbers that grow from row to row, at least two; sort or repair it.")
    if rate is None:
        step = float(np.median(np.diff(time)))
        count = np.round((time[-1] - time[0]) / step)
        rate = float(count / (time[-1] - time[0]))
        rate = round(rate, 6) if abs(round(rate, 6) / rate - 1) < 1e-6 else rate
    at = (time - time[0]) * float(rate)
    index = np.round(at).astype(np.int64)
    off = float(np.abs(at - index).max())
    if off > 0.25 or (np.diff(index) < 1).any():
        raise BadInput(
            f"the time column is not even at {rate:g} Hz ({off:.2f} samples off); resample it, or set the rate."
        )
    if index[-1] + 1 > LARGEST_GAP * len(time):
        raise BadInput(
            f"the time column spans {index[-1] + 1} samples but has {len(time)} rows; check its unit (seconds)."
        )
    grid = np.full((len(values), int(index[-1]) + 1), np.nan)
    grid[:, index] = values
    zero = datetime(1970, 1, 1, tzinfo=UTC) if time[0] > UNIX_S else datetime(1970, 1, 1)
    meta: dict[str, object] = {
        "start_time": iso(zero + timedelta(seconds=float(time[0]))),
        "clock": "Unix" if time[0] > UNIX_S else "time column",
    }
    if len(time) < grid.shape[1]:
        meta["notes"] = (f"{grid.shape[1] - len(time)} samples missing in the time column were masked",)
    return grid, float(rate), meta
