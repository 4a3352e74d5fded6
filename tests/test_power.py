"""Power: simulated pairs are what they are said to be, and the ranking reads a table made by hand as a hand would."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from calibrate import _power_pairs as pairs
from calibrate import power as calibration
from calibrate._power_pairs import Recording
from interbrain import measures, rank_measures
from interbrain.app.cli import main
from interbrain.arrays.streams import stream
from interbrain.data.durations import seconds_of, told
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.inference.null import surrogate_draws
from interbrain.inference.ranks import upper_p
from interbrain.report import power


@pytest.mark.parametrize(
    ("text", "seconds", "said"),
    [
        ("40min", 2400, "40 min"),
        ("90s", 90, "1 min 30 s"),
        ("1h30min", 5400, "1 h 30 min"),
        ("2H", 7200, "2 h"),
        (" 1 h 5 s ", 3605, "1 h 5 s"),
        ("1.5h", 5400, "1 h 30 min"),
        ("0.5s", 0.5, "0.5 s"),
    ],
)
def test_a_length_is_read_and_told(text, seconds, said):
    assert seconds_of(text) == seconds
    assert told(seconds) == said
    assert seconds_of(said) == seconds


@pytest.mark.parametrize(
    "text", ["40", "", "min", "30min1h", "5m", "-5s", "0min", "1h1h", "nan", "1e3s", f"{10**400}h"]
)
def test_what_is_no_length_is_refused(text):
    with pytest.raises(BadInput, match=r"e\.g\. 40min"):
        seconds_of(text)


def _pair(noise, strength, lag, rate=4.0, length_s=20000.0, kind="slow"):
    a, b = pairs.pair(Recording(kind, noise, rate, length_s), strength, lag, stream(3, noise))
    return a.values.reshape(-1), b.values.reshape(-1)


@pytest.mark.parametrize("noise", ["white", "ar(1)", "haemodynamic", "1/f"])
def test_strength_is_the_correlation_at_the_lag(noise):
    a, b = _pair(noise, 0.6, 1.0)
    assert np.std(a) == pytest.approx(1, abs=0.1)
    assert np.corrcoef(a[:-4], b[4:])[0, 1] == pytest.approx(0.6, abs=0.05)
    alone = _pair(noise, 0.0, 0.0)
    assert np.corrcoef(*alone)[0, 1] == pytest.approx(0, abs=0.08)


def test_noise_forgets_itself_as_said():
    a, _ = _pair("ar(1)", 0.0, 0.0)
    assert np.corrcoef(a[:-8], a[8:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)  # 2 s
    spectrum = np.abs(np.fft.rfft(_pair("1/f", 0.0, 0.0)[0])) ** 2
    f = np.fft.rfftfreq(2 * (len(spectrum) - 1), 0.25)
    low, high = (spectrum[(f > lo) & (f < 2 * lo)].mean() for lo in (0.02, 0.32))
    assert low / high == pytest.approx(16, rel=0.2)


@pytest.mark.parametrize("measure", ["wtc", "wlcc", "plv", "accorr", "imcoh", "ccorr"])
def test_found_is_p_of_the_packages_own_draws(measure):
    """The short cuts (draws as channels, stopping early, filtering once) change no answer."""
    slow = measure in ("wtc", "wlcc")
    recording = Recording("slow", "ar(1)", 2.0, 180.0) if slow else Recording("eeg", "1/f", 128.0, 12.0)
    record, module = measures.records()[measure], measures.module(measure)
    bands = recording.bands if record.needs_bands else {}
    settings = {**resolve_settings(record, {}), "bands": bands}
    answers = []
    for i, strength in enumerate((0.0, 0.0, *(24 if measure == "wlcc" else 4) * (0.4, 0.5), 0.9)):
        a, b = pairs.pair(recording, strength, 0.0 if slow else 0.02, stream(1, i))
        with pairs.filtered_once():
            found = pairs.is_found(measure, a, b, recording.bands, 39, (1, i))
        sides = module.prepare(a, settings), module.prepare(b, settings)
        observed = module.reduce(module.combine(*sides)).value[0, 0, 0, 0]
        drawn = surrogate_draws(module, record, *sides, b, settings, record.default_surrogate, 39, stream(1, i)).value
        assert found == (upper_p(observed, drawn[:, 0, 0, 0, 0]) <= 0.05)
        answers.append(found)
    assert 0 < sum(answers) < len(answers)


def test_finished_cells_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "STRENGTHS", (0.0, 0.9))
    monkeypatch.setattr(calibration, "LAGS_S", {"slow": (0.0,)})
    recording, path = Recording("slow", "white", 2.0, 120.0), tmp_path / "power.tsv"
    calibration.fill(path, recording, 4, 19, 1)
    first = path.read_bytes()
    monkeypatch.setattr(calibration, "count_found", None)  # computing again would fail
    calibration.fill(path, recording, 4, 19, 1)
    assert path.read_bytes() == first
    assert len(calibration.read(path)) == 4


# --- the ranking, against a table made by hand ------------------------------------------------------------------------


def _table(shares, **other):
    """``shares[measure][lag]`` at strengths 0, .2, .4, .6, .8."""
    rows = []
    for measure, by_lag in shares.items():
        for lag, values in by_lag.items():
            for strength, share in zip((0.0, 0.2, 0.4, 0.6, 0.8), values, strict=False):
                if strength == 0 and lag > 0:
                    continue
                row = {"kind": "slow", "noise": "haemodynamic", "rate_hz": 2.0, "length_s": 600.0}
                row |= {"strength": strength, "lag_s": lag, "measure": measure, "surrogate": "circular_shift"}
                row |= {"band": "broad", "pairs": 100, "draws": 99, "share": share, "se": 0.02}
                rows.append({**row, **other})
    return pd.DataFrame(rows)


HAND = pd.concat(
    [
        _table({"wtc": {0.0: (0.05, 0.2, 0.6, 1.0), 7.0: (0.05, 0.1, 0.1, 0.1, 0.1)}}),
        _table({"wlcc": {0.0: (0.05, 0.3, 0.9, 1.0), 7.0: (0.05, 0.3, 0.7, 0.9, 0.95)}}),
        _table({"wtc": {0.0: (0.05, 0.1, 0.2, 0.3, 0.4), 7.0: (0.05, 0.1, 0.1, 0.1, 0.1)}}, length_s=120.0),
        _table({"wlcc": {0.0: (0.05, 0.3, 0.85, 0.9, 0.9), 7.0: (0.05, 0.1, 0.1, 0.1, 0.1)}}, length_s=120.0),
    ],
    ignore_index=True,
)


def test_the_ranking_of_a_table_made_by_hand():
    ranking = rank_measures("8min", rate=10, modality="fnirs", table=HAND)
    assert ranking.condition == power.Condition("slow", "haemodynamic", 2.0, 600.0)
    assert list(ranking.table["measure"]) == ["wlcc", "wlcc", "wtc", "wtc"]
    assert list(ranking.table["rank"]) == [1, 1, 2, 2]
    assert list(ranking.table["lag_s"]) == [0, 7, 0, 7]
    # .3 at .2 and .9 at .4: 80 % is five sixths of the way; .6 at .4 and 1 at .6: half way.
    assert ranking.table["strength_80"].tolist() == pytest.approx([0.2 + 0.2 * 5 / 6, 0.5, 0.5, math.nan], nan_ok=True)
    assert ranking.table["power"].tolist() == pytest.approx([0.9, 0.7, 0.6, 0.1])
    assert ranking.table["shortest_s"].tolist() == pytest.approx([120.0, math.nan, math.nan, math.nan], nan_ok=True)
    assert any("a lag of 7 s" in said and "10%" in said for said in ranking.blind["wtc"])
    assert not any("a lag" in said for said in ranking.blind["wlcc"])
    assert any("shorter than the 10 min" in note for note in ranking.notes)
    assert any("Simulated at 2 Hz, yours has 10 Hz" in note for note in ranking.notes)


def test_strengths_left_out_after_all_were_found_count_as_found():
    ranking = rank_measures("10min", rate=2, modality="fnirs", strength=0.8, table=HAND)
    wtc = ranking.table[ranking.table["measure"] == "wtc"]
    assert wtc["power"].tolist() == pytest.approx([1.0, 0.1])
    line = power.curve(HAND[HAND["length_s"] == 600], "wtc", 0.0)
    assert line["strength"].tolist() == [0, 0.2, 0.4, 0.6, 0.8] and line["share"].iloc[-1] == 1
    assert wtc["shortest_s"].tolist() == pytest.approx([600.0, math.nan], nan_ok=True)
    assert not any("Yours" in n or "yours" in n for n in ranking.notes)


def test_the_nearest_length_then_the_nearest_rate_answer():
    table = pd.concat([HAND, HAND[HAND["length_s"] == 600].assign(rate_hz=10.0)])
    found = {
        (length, rate): rank_measures(length, rate=rate, modality="fnirs", table=table).condition
        for length, rate in (("4min", 10), ("5min", 10), ("10min", 3), ("10min", 8))
    }
    assert [(c.length_s, c.rate_hz) for c in found.values()] == [(120, 2), (600, 10), (600, 2), (600, 10)]


def test_measures_that_do_not_differ_share_a_rank():
    table = _table({"wtc": {0.0: (0.05, 0.2, 0.60, 0.9, 1.0)}, "wlcc": {0.0: (0.05, 0.2, 0.65, 0.9, 1.0)}})
    ranking = rank_measures(600, rate=2, modality="fnirs", table=table)
    assert list(ranking.table["rank"]) == [1, 1]
    assert list(ranking.table["measure"]) == ["wlcc", "wtc"]
    apart = rank_measures(600, rate=2, modality="fnirs", table=table.assign(se=0.01))
    assert list(apart.table["rank"]) == [1, 2]


def test_a_coupling_found_at_the_weakest_strength_is_that_or_less():
    table = _table({"wtc": {0.0: (0.05, 0.85, 1.0)}})
    line = rank_measures("10min", rate=2, modality="fnirs", table=table).table.iloc[0]
    assert (line["strength_80"], bool(line["below"])) == (0.2, True)


@pytest.mark.parametrize(
    ("length", "rate", "modality", "more", "error", "text"),
    [
        ("5s", 10, "fnirs", {}, RefusedScience, "5 s of fnirs is not covered.*2 min, 10 min.*1 min 20 s to 30 min"),
        ("31min", 10, "fnirs", {}, RefusedScience, "not covered"),
        ("10min", 0.5, "fnirs", {}, RefusedScience, "0.5 samples a second.*at 2 Hz"),
        ("10min", 1e6, "fnirs", {}, RefusedScience, "not covered"),
        ("10min", 0, "fnirs", {}, BadInput, "above 0"),
        ("10min", math.nan, "fnirs", {}, BadInput, "above 0"),
        ("10min", 10, "smell", {}, BadInput, "no modality 'smell'"),
        ("10min", 10, "eeg", {}, RefusedScience, "nothing for eeg"),
        ("10min", 10, "fnirs", {"noise": "pink"}, BadInput, "'pink'.*haemodynamic"),
        ("10min", 10, "fnirs", {"strength": 0.05}, BadInput, "0.2 to 0.8"),
        ("10min", 10, "fnirs", {"strength": math.nan}, BadInput, "0.2 to 0.8"),
    ],
)
def test_what_the_table_does_not_cover_is_refused(length, rate, modality, more, error, text):
    with pytest.raises(error, match=text):
        rank_measures(length, rate=rate, modality=modality, table=HAND, **more)


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--for", "5s", "--rate", "10", "--modality", "fnirs"], "5 s of fnirs is not covered"),
        (["--for", "40min"], "--rate 10 --modality fnirs"),
        (["wtc", "--for", "40min", "--rate", "10", "--modality", "fnirs"], "leave out 'wtc'"),
        (["--for", "forty", "--rate", "10", "--modality", "fnirs"], "is no length of time"),
    ],
)
def test_the_command_line_refuses_in_one_line(words, text):
    done = CliRunner().invoke(main, ["measures", *words])
    assert done.exit_code == 2
    assert text in done.output and "Traceback" not in done.output


def test_listing_and_one_record_still_work():
    listed = CliRunner().invoke(main, ["measures"])
    assert listed.exit_code == 0 and "wtc" in listed.output and "imcoh" in listed.output
    assert "atanh_sqrt" in CliRunner().invoke(main, ["measures", "wtc"]).output
