"""Windowed lagged cross-correlation on real motion energy: the numbers of rMEA and SUSY."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interbrain.data.signal import Block, Channel, Signal
from interbrain.inference.surrogates import segment_shuffle
from interbrain.measures import wlcc
from interbrain.signals.motion import smooth
from naive_wlcc import rmea_moving_average
from test_measure_wlcc import RATE, block, estimate_of, settings_of, state_of

DYADS = (100, 101, 102, 103, 104, 200, 201, 202, 203, 204)


@cache
def motion(data_dir: Path, smoothed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Patients ``(10, time)`` and therapists ``(10, time)``."""
    both = []
    for dyad in DYADS:
        path = next((data_dir / "motion-therapy").glob(f"*/{dyad}_01.txt"))
        both.append(pd.read_csv(path, sep=r"\s+").to_numpy(dtype=float).T)
    values = np.array(both)
    if smoothed:
        values = np.apply_along_axis(rmea_moving_average, 2, values, RATE, 0.5)
        values = values / values.std(axis=2, ddof=1, keepdims=True)
    return values[:, 0], values[:, 1]


def dyad_blocks(data_dir: Path, setting: str, dyad: int) -> tuple[Block, Block]:
    patients, therapists = motion(data_dir, setting == "B")
    k = DYADS.index(dyad)
    return block(patients[k]), block(therapists[k])


def reference(data_dir: Path, name: str, setting: str) -> pd.DataFrame:
    table = pd.read_csv(data_dir / "reference" / "motion-rmea" / f"rmea_{name}.csv")
    return table[table.setting == setting]


# --- rMEA -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["A", "B", "C"])
def test_rmea_per_lag_and_per_dyad(data_dir, setting):
    per_lag = reference(data_dir, "per_lag", setting)
    per_dyad = reference(data_dir, "per_dyad", setting).set_index("dyad")
    for dyad in DYADS:
        estimate = estimate_of(*dyad_blocks(data_dir, setting, dyad), convention=f"rmea_{setting.lower()}")
        expected = per_lag[per_lag.dyad == dyad]
        np.testing.assert_allclose(estimate.profile[0, 0], expected.ccf_mean, rtol=0, atol=1e-9)
        np.testing.assert_allclose(estimate.profile_lags_s, expected.lag_s, rtol=0, atol=1e-9)
        row = per_dyad.loc[dyad]
        assert estimate.value.item() == pytest.approx(row.grandAver, abs=1e-9)
        for name, column in (("zero_lag", "mean_lag_zero"), ("lead_a", "mean_s1_lead"), ("lead_b", "mean_s2_lead")):
            assert estimate.extra[name].item() == pytest.approx(row[column], abs=1e-9), name
        assert estimate.extra["best_lag_s"].item() == pytest.approx(row.mean_bestLag_s, abs=1e-9)
        assert estimate.extra["n_windows"].item() == row.n_win


@pytest.mark.parametrize("setting", ["A", "B", "C"])
def test_rmea_per_window_through_time_windows(data_dir, setting):
    """A time window of two samples round the middle of a correlation window holds that one alone."""
    per_window = reference(data_dir, "per_window", setting)
    for dyad in (104, 200, 203):
        state = state_of(*dyad_blocks(data_dir, setting, dyad), convention=f"rmea_{setting.lower()}")
        rows = per_window[per_window.dyad == dyad]
        centre = state.grid.centre.astype(int)
        parts = wlcc.reduce(state, np.stack([centre, centre + 1], axis=1))
        assert len(parts) == len(rows)
        for part, (_, row) in zip(parts, rows.iterrows(), strict=True):
            assert part.value.item() == pytest.approx(row.all_lags, abs=1e-9)
            assert part.extra["lead_a"].item() == pytest.approx(row.s1_lead, abs=1e-9)
            assert part.extra["lead_b"].item() == pytest.approx(row.s2_lead, abs=1e-9)
            assert part.extra["zero_lag"].item() == pytest.approx(row.lag_zero, abs=1e-9)
            assert part.lag_s.item() == pytest.approx(row.bestLag_s, abs=1e-9)


@pytest.mark.parametrize("setting", ["A", "B"])
def test_rmea_pair_matrix(data_dir, setting):
    """Ten patients and ten therapists as channels of two people: all pairs at once, rows A, columns B."""
    name = f"rmea_pair_matrix_visible10_setting{setting}_rows_patient_cols_therapist.csv"
    expected = pd.read_csv(data_dir / "reference" / "motion-rmea" / name, index_col=0)
    assert list(expected.index) == list(DYADS) == [int(c) for c in expected.columns]
    patients, therapists = motion(data_dir, setting == "B")
    estimate = estimate_of(block(patients), block(therapists), convention=f"rmea_{setting.lower()}")
    np.testing.assert_allclose(estimate.value[:, :, 0, 0], expected.to_numpy(), rtol=0, atol=1e-9)


def test_the_plan_of_motion_that_completes_setting_b(data_dir):
    """``rmea_b`` on signals prepared with smooth_s = 0.5 is the reference's setting B."""
    patients, therapists = motion(data_dir, False)
    channels = tuple(Channel(str(d), "motion") for d in DYADS)
    a, b = (smooth(Signal(x[None], RATE, channels), 0.5, beyond="rest") for x in (patients, therapists))
    estimate = estimate_of(block(a.values[0]), block(b.values[0]), convention="rmea_b")
    expected = reference(data_dir, "per_dyad", "B").set_index("dyad").loc[list(DYADS), "grandAver"]
    np.testing.assert_allclose(np.diag(estimate.value[:, :, 0, 0]), expected, rtol=0, atol=1e-9)


# --- SUSY -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["motion-therapy", "motion-negotiation"])
def test_susy_per_lag_with_the_sign_turned(data_dir, source):
    """SUSY's negative lags are the first series' lead: A's lead is positive here."""
    folder = data_dir / "reference" / "motion-susy"
    per_lag, per_dyad = (pd.read_csv(folder / f"susy_{n}.csv", dtype={"id": str}) for n in ("per_lag", "per_dyad"))
    checked = 0
    for (_, id_), rows in list(per_lag[per_lag.source == source].groupby(["source", "id"]))[:4]:
        overall = per_dyad[(per_dyad.source == source) & (per_dyad.id == id_)].iloc[0]
        if overall.constant_segments:
            continue
        a, b = susy_blocks(data_dir, source, id_)
        estimate = estimate_of(a, b, convention="susy")
        expected = rows.sort_values("lag_frames", ascending=False)
        np.testing.assert_allclose(estimate.profile[0, 0], expected.meanccorrRealZ, rtol=0, atol=1e-9)
        np.testing.assert_allclose(estimate.profile_lags_s * RATE, -expected.lag_frames, atol=1e-9)
        assert estimate.value.item() == pytest.approx(overall.Z, abs=1e-9)
        assert estimate.extra["lead_a"].item() == pytest.approx(overall["Z(lead1)"], abs=1e-9)
        signed = estimate_of(a, b, convention="susy", absolute=False)
        np.testing.assert_allclose(signed.profile[0, 0], expected.meanccorrRealZNotAbs, rtol=0, atol=1e-9)
        checked += 1
    assert checked >= 2


def susy_blocks(data_dir: Path, source: str, id_: str) -> tuple[Block, Block]:
    if source == "motion-therapy":
        return dyad_blocks(data_dir, "A", int(id_))
    path = next(p for p in (data_dir / source).iterdir() if p.stem == id_ or p.stem.endswith(f"video{id_}"))
    values = pd.read_csv(path, sep=r"\s+", header=None).to_numpy(dtype=float)
    return block(values[:, 0]), block(values[:, 1])


# --- surrogates -----------------------------------------------------------------------------------------------------


def test_draws_of_real_motion_equal_the_loop(data_dir):
    a, b = dyad_blocks(data_dir, "A", 203)
    given = settings_of()
    prepared_a, prepared_b = wlcc.prepare(a, given), wlcc.prepare(b, given)
    index = segment_shuffle.draw_index(b, 5, np.random.default_rng(0), {"segment_s": 60.0})
    drawn = wlcc.draws(prepared_a, prepared_b, "segment_shuffle", index)
    for row, profile in zip(index, drawn.profile, strict=True):
        again = wlcc.prepare(segment_shuffle.apply(b, row), given)
        expected = wlcc.reduce(wlcc.combine(prepared_a, again))
        np.testing.assert_allclose(profile, expected.profile, rtol=0, atol=1e-10)
