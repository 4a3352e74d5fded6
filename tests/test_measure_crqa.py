"""Cross-recurrence against the R package crqa on real recordings, a stored plot, and planted lags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import crqa

FIGURES = {
    "RR": ("rr", 100),
    "DET": ("det", 100),
    "LAM": ("lam", 100),
    "maxL": ("lmax", 1),
    "L": ("l", 1),
    "TT": ("tt", 1),
}


def measured(a, b, rate=1.0, **asked) -> Estimate:
    settings = resolve_settings(crqa.RECORD, asked)
    blocks = [Block(np.nan_to_num(x)[None], np.isfinite(x)[None], rate) for x in map(np.atleast_2d, (a, b))]
    return crqa.reduce(crqa.combine(*(crqa.prepare(block, settings) for block in blocks)))


def check(found: Estimate, row) -> None:
    for column, (name, unit) in FIGURES.items():
        assert found.extra[name].item() * unit == pytest.approx(row[column], rel=1e-9), column
    assert found.extra["entr"].item() == pytest.approx(row["ENTR"], rel=1e-9)
    assert found.extra["nrline"].item() == row["NRLINE"]


@pytest.fixture(scope="module")
def folder(data_dir):
    return data_dir / "reference" / "recurrence-granger-entropy"


@pytest.fixture(scope="module")
def codes(data_dir):
    return pd.read_csv(data_dir / "talk-gaze-therapy" / "nonverbal.csv")


def test_codes_of_talk_and_gaze(folder, codes):
    table = pd.read_csv(folder / "crqa_talk_gaze.csv")
    for row in table[table.crqa_version == "2.1.0"].to_dict("records"):
        own = codes[codes.id == row["couple"]]
        a, b = (own[f"{who}_{row['channel']}"].to_numpy() for who in "pt")
        check(measured(a, b, convention="codes", quantity="lam"), row)
    assert len(table) == 20


def test_states_of_several_samples_and_a_theiler_window(folder, codes):
    own = codes[codes.id == 1]
    table = pd.read_csv(folder / "crqa_couple1_theiler_embed.csv")
    for row in table[table.rr_denom == "valid"].to_dict("records"):
        given = {"embed": row["embed"], "theiler": row["tw"], "quantity": "lam"}
        found = measured(own.p_vocalizing.to_numpy(), own.t_vocalizing.to_numpy(), convention="codes", **given)
        check(found, row)


def test_profile_says_who_leads(folder, codes):
    table = pd.read_csv(folder / "crqa_talk_gaze_lagprofile.csv")
    for (couple, channel), rows in table.groupby(["couple", "channel"]):
        own = codes[codes.id == couple]
        a, b = (own[f"{who}_{channel}"].to_numpy() for who in "pt")
        found = measured(a, b, convention="codes", max_lag_s=20.0)
        assert found.profile_lags_s.tolist() == rows.lag.tolist()
        np.testing.assert_allclose(found.profile[0, 0], rows.RR, rtol=1e-9)
        assert found.lag_s.item() == found.profile_lags_s[rows.RR.to_numpy().argmax()]


@pytest.mark.parametrize("dyad", [18, 17])
def test_movement_in_negotiations(folder, data_dir, dyad):
    """Delay 41 frames, 4 samples a state, radius .1 of each person's own mean, the middle 60 % of the recording."""
    row = pd.read_csv(folder / "crqa_motion_negotiation.csv").set_index("dyad").loc[dyad]
    assert row.exact_match
    columns = np.loadtxt(data_dir / "motion-negotiation" / f"MEA_video{dyad}.txt", usecols=(0, 1))
    columns = columns[row.first_frame - 1 : row.last_frame].T
    quantity = "lam" if dyad == 18 else "det"
    found = measured(columns[1], columns[0], rate=25.0, convention="crqa", quantity=quantity)
    names = ("RR", "DET", "maxL", "L") + (("LAM", "TT") if quantity == "lam" else ())
    for column in names:
        name, unit = FIGURES[column]
        assert found.extra[name].item() * unit == pytest.approx(row[column], rel=1e-9)
    assert found.value.item() == found.extra[quantity].item()


def test_a_plot_that_is_stored_with_gaps():
    """The figures read off a matrix of recurrences, with missing samples, three samples a state and a fixed rate."""
    random = np.random.default_rng(1)
    a, b = random.standard_normal((2, 120)).cumsum(axis=1)
    a[30:35], b[80] = np.nan, np.nan
    found = measured(a, b, embed=3, delay_s=2.0, share=0.1, min_line=3, max_lag_s=4.0)
    x, y = ((s - np.nanmean(s)) / np.nanstd(s) for s in (a, b))
    states = [np.stack([s[k : k + 116] for k in (0, 2, 4)], axis=1) for s in (x, y)]
    distance = np.linalg.norm(states[0][:, None] - states[1][None], axis=2)
    known = np.isfinite(distance)
    assert found.extra["radius"].item() == pytest.approx(np.quantile(distance[known], 0.1))
    plot = known & (distance <= found.extra["radius"].item() + 1e-12)
    runs = []
    for lag in range(-115, 116):
        line = "".join("x" if p else " " for p in np.diagonal(plot, lag))
        runs += [len(r) for r in line.split()]
    long = np.array([r for r in runs if r >= 3])
    assert found.extra["rr"].item() == pytest.approx(plot.sum() / known.sum())
    assert found.extra["det"].item() == pytest.approx(long.sum() / plot.sum())
    assert found.extra["lmax"].item() == long.max() and found.extra["l"].item() == pytest.approx(long.mean())
    share = np.unique(long, return_counts=True)[1] / len(long)
    assert found.extra["entr"].item() == pytest.approx(-(share * np.log(share)).sum())
    near = [(np.diagonal(plot, k).sum(), np.diagonal(known, k).sum()) for k in range(-4, 5)]
    assert found.value.item() == pytest.approx(sum(p for p, _ in near) / sum(q for _, q in near))
    np.testing.assert_allclose(found.profile[0, 0], [p / q for p, q in near])
    assert found.coverage.item() == pytest.approx(known.mean())


@pytest.mark.parametrize("delay", [7, -4])
def test_planted_lag(delay):
    source = np.random.default_rng(2).standard_normal(700).cumsum()
    a, b = source[50:650], source[50 - delay : 650 - delay]
    found = measured(a, b, rate=5.0, max_lag_s=3.0)
    assert found.lag_s.item() == delay / 5.0
    assert found.value.item() > 3 * found.extra["rr"].item()


def test_refusals():
    a = np.random.default_rng(3).standard_normal(100)
    assert np.isnan(measured(a, np.ones(100)).value).all()
    with pytest.raises(RefusedScience, match="0 states"):
        measured(a, a, embed=10, delay_s=20.0)
    with pytest.raises(BadInput, match="quantity is 'trend'"):
        measured(a, a, quantity="trend")
    with pytest.raises(BadInput, match="one clock"):
        measured(a, a[:50])
