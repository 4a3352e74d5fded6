"""What two files could not give is told with the table, never by empty columns alone."""

import warnings

import pytest
from click.testing import CliRunner

import interbrain
from interbrain.app.cli import main
from interbrain.data.errors import IncompleteWarning

BAND = {"a": (8.0, 13.0)}
FZ = {"modality": "eeg", "channels_a": ("Fz",), "channels_b": ("Fz",), "bands": BAND, "n_surrogates": 19}
AT_FZ = ["--modality", "eeg", "--channels-a", "Fz", "--channels-b", "Fz", "--band", "a=8-13", "-n", "19", "--quiet"]


@pytest.fixture
def epochs(data_dir):
    return [str(data_dir / "eeg-pair" / f"person-{n}-epo.fif") for n in (1, 2)]


@pytest.mark.parametrize(
    ("measure", "surrogate"),
    [("corr", None), ("granger", None), ("sampen", None), ("wpli", "circular_shift"), ("plv", "aaft")],
)
def test_the_command_line_says_why_there_is_no_null_of_epochs(epochs, measure, surrogate):
    asked = ["--surrogate", surrogate] if surrogate else []
    done = CliRunner().invoke(main, ["pair", *epochs, "-m", measure, *AT_FZ, *asked])
    assert done.exit_code == 1, "values without the null that was asked for"
    assert "n/a" in done.stdout and "interbrain" not in done.stdout
    (said,) = [line for line in done.stderr.splitlines() if "there is no null" in line]
    assert f"{surrogate or 'circular_shift'} needs one continuous stretch; got 25 epochs" in said
    assert "--surrogate segment_shuffle" in said and measure in said
    assert "left out" not in said, "the values were kept"


def test_python_gets_the_same_sentences_and_one_warning(epochs):
    with pytest.warns(IncompleteWarning, match="there is no null") as told:
        table = interbrain.pair(*epochs, "corr", **FZ)
    assert len([w for w in told if "there is no null" in str(w.message)]) == 1
    assert table["value"].notna().all() and table["null"].isna().all()
    assert any("segment_shuffle" in sentence for sentence in table.attrs["problems"])


def test_the_surrogate_that_is_advised_works(epochs):
    with warnings.catch_warnings():
        warnings.simplefilter("error", IncompleteWarning)
        table = interbrain.pair(*epochs, "corr", surrogate="segment_shuffle", **FZ)
    assert table["p"].notna().all()
    assert any("25 of 33 epochs common" in sentence for sentence in table.attrs["problems"])
    done = CliRunner().invoke(main, ["pair", *epochs, "-m", "corr", *AT_FZ, "--surrogate", "segment_shuffle"])
    assert done.exit_code == 0 and "25 of 33 epochs common" in done.stderr


def test_nothing_is_said_of_a_null_that_was_not_asked_for(epochs):
    table = interbrain.pair(*epochs, "corr", surrogate="none", **FZ)
    assert not any("null" in sentence for sentence in table.attrs["problems"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-m", "corr", "--band", "=8-13"], "--band '=8-13' has no name before the =; e.g. --band slow=8-13."),
        (["-m", "wpli", "--modality", "eeg"], "wpli needs at least one band, in Hz; add --band alpha=8-13."),
        (["-m", "corr", "-n", "0"], "-n is 0; allowed are 19 to 99999"),
        (["-m", "corr", "-n", "20"], "-n is 20; allowed are 19 to 99999"),
    ],
)
def test_a_wrong_option_is_told_in_the_options_words(tmp_path, words, told):
    found = CliRunner().invoke(main, ["pair", str(tmp_path), str(tmp_path), *words])
    assert found.exit_code == 2 and told in found.stderr, found.output
