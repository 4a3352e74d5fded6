"""The shipped table of power is sane, comes out again, and answers for every modality."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from click.testing import CliRunner

from calibrate import _power_pairs as pairs
from calibrate import power as calibration
from calibrate._power_pairs import Recording
from calibrate.engine import default_pairs, simultaneous_interval
from interbrain import measures, rank_measures
from interbrain.app.cli import main
from interbrain.report import power

SHIPPED = power.read_table()


def test_every_default_is_in_the_table():
    assert set(zip(SHIPPED["measure"], SHIPPED["surrogate"], strict=True)) >= default_pairs()
    records = measures.records()
    assert all(records[m].default_surrogate == s for m, s in zip(SHIPPED["measure"], SHIPPED["surrogate"], strict=True))
    bands = {
        Recording(r.kind, r.noise, r.rate_hz, r.length_s): r.band for r in SHIPPED.itertuples() if r.band[0] == "0"
    }
    assert all(band == pairs.band_of("wtc", recording) for recording, band in bands.items())
    assert SHIPPED["pairs"].min() >= 300
    assert np.allclose(SHIPPED["share"], SHIPPED["found"] / SHIPPED["pairs"], atol=1e-4)


def test_without_coupling_five_in_a_hundred_are_found():
    none = SHIPPED[SHIPPED["strength"] == 0]
    low, high = simultaneous_interval(int(none["pairs"].iloc[0]), len(none), coverage=0.999)
    assert none["found"].between(low, high).all(), none[["noise", "measure", "length_s", "found"]]
    assert none["share"].mean() == pytest.approx(0.05, abs=0.015)


def test_power_does_not_fall_with_strength_where_a_measure_sees_the_lag():
    for about, rows in SHIPPED.groupby(["kind", "noise", "rate_hz", "length_s"]):
        for measure in rows["measure"].unique():
            for lag in rows.loc[rows["strength"] > 0, "lag_s"].unique():
                line = power.curve(rows, measure, lag)
                if line["share"].max() < power.UNSEEN:
                    continue
                for (_, weak), (_, strong) in pairwise(line.iterrows()):
                    allowed = 4 * math.hypot(weak["se"], strong["se"])
                    assert strong["share"] > weak["share"] - allowed, (about, measure, lag)


def test_imaginary_coherence_is_blind_without_lag_and_sees_a_quarter_cycle():
    own = SHIPPED[(SHIPPED["measure"] == "imcoh") & (SHIPPED["strength"] > 0)]
    at_zero = own[own["lag_s"] == 0]
    assert len(at_zero) and at_zero["share"].max() < 0.3
    strong = own[(own["lag_s"] == 0.027) & (own["strength"] >= 0.4)]
    beside = SHIPPED[(SHIPPED["measure"] == "plv") & (SHIPPED["lag_s"] == 0) & (SHIPPED["strength"] == 0.4)]
    assert len(strong) and strong["share"].min() > 0.5 and beside["share"].min() > 0.5


@pytest.mark.parametrize(
    ("recording", "strength", "lag", "n"),
    [
        (Recording("slow", "haemodynamic", 2.0, 120.0), 0.6, 0.0, 120),
        (Recording("eeg", "1/f", 128.0, 30.0), 0.2, 0.027, 60),
    ],
)
def test_a_cell_comes_out_again(recording, strength, lag, n):
    again = calibration.cells(recording, recording.measures, strength, lag, n, 99, seed=77)
    kept = calibration._cells(SHIPPED, recording, strength, lag).set_index("measure")
    for row in again.itertuples():
        there = kept.loc[row.measure]
        middle = (row.found + there["found"]) / (n + there["pairs"])
        se = math.sqrt(middle * (1 - middle) * (1 / n + 1 / there["pairs"]))
        assert abs(row.share - there["share"]) < 3.5 * max(se, 0.01), (row.measure, row.share, there["share"])


def test_the_command_line_answers_from_the_shipped_table():
    done = CliRunner().invoke(main, ["measures", "--for", "40min", "--rate", "10", "--modality", "fnirs"])
    assert done.exit_code == 0, done.output
    ranking = rank_measures("40min", rate=10, modality="fnirs")
    for line in ranking.table.itertuples():
        assert f"{line.power:.2f} ± {line.power_se:.2f}" in done.output
    assert "haemodynamic noise, 40 min at 2 Hz" in done.output
    assert "wtc cannot see" in done.output


@pytest.mark.parametrize("modality", ["fnirs", "eeg", "motion", "eda", "heart", "voice", "misc"])
def test_every_modality_has_an_answer(modality):
    length, rate = ("2min", 250) if modality == "eeg" else ("10min", 10)
    ranking = rank_measures(length, rate=rate, modality=modality)
    assert set(ranking.table["measure"]) == (
        {"plv", "accorr", "imcoh", "ccorr"} if modality == "eeg" else {"wtc", "wlcc"}
    )
