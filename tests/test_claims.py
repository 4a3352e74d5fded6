"""Claims: what an interval says, by hand; the page's numbers come from the runs; every claim says what it must."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from claims import _runs
from claims.__main__ import all_claims, courses_of, main
from claims._figures import FIGURES, all_of, cross_correlation
from claims._judge import AS_CLAIMED, NOTHING, OPPOSITE, SMALL, UNKNOWN, UNSURE, interval, verdict, with_premises
from claims._page import verdict_of
from claims._record import BASE, Side, course
from claims._runs import Size
from interbrain.simulate.courses.course import ABLATIONS, CourseRun, simulate_course
from interbrain.simulate.courses.course_settings import Course

SMALL_SIZE = Size(dyads=2, sessions=2)


def test_interval_by_hand():
    """Mean 3, SD 1, three seeds: Student's 4.3027 with two degrees of freedom (any table)."""
    mean, low, high = interval(np.array([2.0, 3.0, 4.0]))
    assert (mean, high - mean) == pytest.approx((3.0, 4.3027 / np.sqrt(3)), rel=1e-4)
    assert mean - low == pytest.approx(high - mean)


@pytest.mark.parametrize(
    ("differences", "expects", "band", "said"),
    [
        ([1.0, 1.1, 1.2], 1, 0.1, AS_CLAIMED),
        ([1.0, 1.1, 1.2], -1, 0.1, OPPOSITE),
        ([-1.0, -1.1, -1.2], -1, 0.1, AS_CLAIMED),
        ([0.0, 0.0, 0.0], 1, 0.1, NOTHING),
        ([0.01, 0.02, 0.03], 1, 0.1, SMALL),
        ([-1.0, 1.0, 0.5], 1, 0.1, UNSURE),
        ([0.01, 0.02, 0.03], 0, 0.1, AS_CLAIMED),
        ([1.0, 1.1, 1.2], 0, 0.1, OPPOSITE),
        ([-1.0, 1.0, 0.5], 0, 0.1, UNSURE),
        ([0.08, 0.1, 0.12], 1, 0.1, AS_CLAIMED),  # reaches beyond the band
        ([np.nan, 1.0, 1.0], 1, 0.1, UNKNOWN),
        ([0.5], 1, 0.1, AS_CLAIMED),  # nothing is drawn: no interval
    ],
)
def test_what_an_interval_says(differences, expects, band, said):
    assert verdict(np.array(differences), expects, band) == said


def test_where_a_premise_fails_a_comparison_says_nothing():
    held, failed = (
        pd.DataFrame({"claim": "x", "title": title, "premise": [True, False], "verdict": [said, OPPOSITE]})
        for title, said in (("a", AS_CLAIMED), ("b", SMALL))
    )
    assert with_premises(pd.concat([held, failed], ignore_index=True))["counts"].tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ([AS_CLAIMED, AS_CLAIMED], "yes: 2 as claimed"),
        ([AS_CLAIMED, SMALL], "in part: 1 as claimed, 1 negligible"),
        ([OPPOSITE, UNSURE], "open: 1 opposite, 1 not told apart from 0"),
        ([OPPOSITE, NOTHING], "**no**: 1 opposite, 1 changes nothing"),
    ],
)
def test_whether_a_claim_comes_out(verdicts, word):
    """Premises, and what was not switched off, do not count."""
    other = pd.DataFrame({"role": ["mechanism", "rival"], "counts": [False, True], "verdict": [AS_CLAIMED, OPPOSITE]})
    mine = pd.DataFrame({"role": "mechanism", "counts": True, "verdict": verdicts})
    assert verdict_of(pd.concat([mine, other]), "mechanism") == word


def test_every_claim_says_what_it_must():
    known = all_claims()
    assert len({claim.order for claim in known.values()}) == len(known) >= 20
    for name, claim in known.items():
        assert claim.name == name and claim.contrasts and claim.evidence and claim.against and claim.contradicted
        assert all(re.fullmatch(r"10\.\d{4,}/\S+", doi) for doi in claim.dois)
        for contrast in claim.contrasts:
            assert contrast.first != contrast.second, (name, contrast.title)
            assert set(contrast.expects) <= set(FIGURES) and set(contrast.expects.values()) <= {-1, 0, 1}
        assert set(claim.premises) <= set(FIGURES)
        assert claim.judged_by in {contrast.role for contrast in claim.contrasts}
        titles = [contrast.title for contrast in claim.contrasts]
        assert len(set(titles)) == len(titles)


def test_switched_off_is_what_the_model_calls_an_ablation():
    assert course("trust") == BASE.model_copy(update=ABLATIONS["trust"][1] | {"shut": ()})
    assert Course(therapy="cbt", dropout=0.0) == BASE


def test_ability_first_is_told_from_symptoms_first():
    """Planted: symptoms fall two sessions after ability rose, or before; and a trend of all is no correlation."""
    random = np.random.default_rng(1)
    steps = random.standard_normal((40, 15))
    ability, late = np.cumsum(steps, axis=1), -np.cumsum(np.roll(steps, 2, axis=1), axis=1)
    early = -np.cumsum(np.roll(steps, -2, axis=1), axis=1)
    alone = -np.cumsum(random.standard_normal((40, 15)), axis=1)
    trend = np.arange(15.0)
    # Severity stands as one comes: a session's change shows in the next row at the earliest.
    assert _lags(ability, late)[1] > 0.9 and _lags(ability, early)[-3] > 0.9
    assert max(abs(r) for r in _lags(ability + trend, alone - trend).values()) < 0.2


def _lags(ability, severity):
    dyad, session = np.indices(ability.shape) + 1
    table = {
        "dyad": dyad.ravel(),
        "session": session.ravel(),
        "capacity": ability.ravel(),
        "severity": severity.ravel(),
    }
    return cross_correlation(CourseRun(pd.DataFrame(table), pd.DataFrame(), BASE))


def made_up():
    """Two dyads, three sessions; the first patient's gain goes from 0.2 to 0.8 (half the pair's), then back to 0.5."""
    sessions = pd.DataFrame({"dyad": [1, 1, 1, 2, 2, 2], "session": [1, 2, 3, 1, 2, 3]})
    for column in (
        "synchrony",
        "likeness",
        "gate",
        "bound",
        "order",
        "metastability",
        "edge_cv",
        "capacity",
        "severity",
    ):
        sessions[column] = 0.5
    sessions = sessions.assign(
        excess=[0.1, 0.2, 0.4, 0.3, 0.3, 0.3],
        trust=[0.3, 0.4, 0.6, 0.3, 0.5, 0.8],
        high_s=[10.0, 20.0, 30.0, 0.0, 0.0, 60.0],
        ruptured=[True, False, True, False, False, False],
        edges=[160, 158, 150, 160, 160, 156],
        gain_person=[0.3, 0.4, 0.5, 0.2, 0.2, 0.2],
        gain_pair=[0.1, 0.2, 0.3, 0.0, 0.0, 0.0],
        spontaneous=[1.0, 0.9, 0.5, 1.0, 1.0, 1.0],
    )
    rows = [
        (1, "before", 0.2, 0.0, 2.0, 1.0, 0.2),
        (1, "after", 0.5, 0.3, 1.0, 0.4, 0.5),
        (1, "follow_up", 0.4, 0.1, 0.5, 0.5, 0.4),
        *((2, when, 0.2, 0.0, 2.0, 1.0, 0.2) for when in ("before", "after", "follow_up")),
    ]
    columns = ["dyad", "when", "gain_person", "gain_pair", "severity", "rigidity", "excess"]
    therapist = pd.DataFrame(rows, columns=columns).assign(partner="therapist")
    stranger = therapist.assign(partner="stranger", excess=0.1)
    return CourseRun(sessions, pd.concat([therapist, stranger], ignore_index=True), course(balance=0.5))


def test_figures_by_hand():
    """Means over both dyads, of whom the second does not change."""
    found = all_of(made_up())
    evoked = 0.8 / 0.2
    activity = 0.6 * evoked / (0.5 + 0.5 * evoked) + 0.4 * 0.5
    by_hand = {
        "excess_rise": (0.3 + 0.0) / 2, "session_excess": (0.7 / 3 + 0.3) / 2, "trust": 0.7, "high_minutes": 1.0,
        "ruptures": 1.0, "edges_lost": (10 + 4) / 2, "learnt": 0.6 / 2, "learnt_person": 0.3 / 2, "gain_left": 0.3 / 2,
        "gain_kept": 0.5, "fell": 0.5, "fell_by_follow_up": 0.75, "severity_left": 1.25, "loosened": 0.3,
        "therapist_rise": 0.15, "therapist_kept": 0.1, "stranger_rise": 0.0, "off_target": abs(activity - 1) / 2,
        "spontaneous": 0.75, "learnt_a_minute": 0.3 / (12 * 90 / 60), "order_change": 0.0,
    }  # fmt: skip
    assert {name: found[name] for name in by_hand} == pytest.approx(by_hand)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Two claims, two seeds, two dyads, two sessions."""
    there = tmp_path_factory.mktemp("claims")
    size = ["--seeds", "2", "--dyads", "2", "--sessions", "2", "--workers", "1"]
    asked = ["narrative", "trust", *size, "--kept", str(there / "kept"), "--docs", str(there / "docs")]
    assert main(asked) == 0
    return there, asked


def test_numbers_of_the_page_are_those_of_the_runs(quick):
    there, _ = quick
    rows = pd.read_csv(there / "docs" / "claims.tsv", sep="\t")
    page = (there / "docs" / "claims.md").read_text(encoding="utf-8")
    section = page[page.index("\n## Narrative") : page.index("\n## Figures")]
    contrast = all_claims()["narrative"].contrasts[0]
    both = [
        [all_of(simulate_course(SMALL_SIZE.of(c, s), 1)) for s in (1, 2)] for c in (contrast.first, contrast.second)
    ]
    for name in contrast.expects:
        mine = rows[(rows["claim"] == "narrative") & (rows["figure"] == name)].iloc[0]
        first, second = (np.mean([each[name] for each in side]) for side in both)
        assert (mine["first"], mine["second"]) == pytest.approx((first, second), rel=1e-3, abs=1e-5)
        assert mine["difference"] == pytest.approx(first - second, rel=1e-3, abs=1e-5)
        assert mine["low"] <= mine["difference"] <= mine["high"] and mine["seeds"] == 2
        line = next(line for line in section.splitlines() if line.startswith(f"| {FIGURES[name].means} |"))
        told = [float(x.replace("−", "-")) for x in line.split("|")[2:4]]
        assert told == pytest.approx([first, second], abs=6e-4)
    assert "With 2 seeds an interval reaches 9.0 SDs" in page  # 12.706 / √2
    assert "as claimed" in page and "pictures/claims/narrative.svg" in page
    assert (there / "docs" / "pictures" / "claims" / "trust.svg").exists()


def test_the_page_of_the_docs_is_of_these_claims_and_of_its_table():
    """Nothing is simulated: whoever changes a claim runs it again."""
    docs = Path(__file__).parents[1] / "docs"
    table = pd.read_csv(docs / "claims.tsv", sep="\t", na_values="n/a")
    page = (docs / "claims.md").read_text(encoding="utf-8")
    asked = [
        (name, each.title, figure)
        for name, claim in all_claims().items()
        for each in (*claim.sides, *claim.contrasts)
        for figure in ([each.figure] if isinstance(each, Side) else each.expects)
    ]
    assert list(table[["claim", "title", "figure"]].itertuples(index=False, name=None)) == asked
    for row in table[table["low"].notna()].itertuples():
        assert row.low <= row.difference <= row.high
        assert row.difference == pytest.approx(row.first - row.second, abs=2e-4 * max(1, abs(row.first)))
        told = f"[{row.low:.3f}, {row.high:.3f}]".replace("-", "−")
        assert told in page or max(abs(row.low), abs(row.high)) > 9 or "0.000" in told, (row.title, row.figure)
    for claim in all_claims().values():
        assert claim.claim in page and claim.against in page and (docs / f"pictures/claims/{claim.name}.svg").exists()


def test_finished_courses_are_kept_and_the_same_bytes_come_again(quick, monkeypatch):
    there, asked = quick
    before = {path: path.read_bytes() for path in sorted((there / "docs").rglob("*")) if path.is_file()}
    monkeypatch.setattr(_runs, "simulate_course", None)
    assert main(asked) == 0
    assert {path: path.read_bytes() for path in before} == before


def test_two_processes_may_finish_the_same_course(tmp_path, monkeypatch):
    """The other one ends while this one is at it."""
    mine = Course(dyads=1, sessions=1, seconds=6.0, seed=1)
    place = tmp_path / _runs.key(mine)

    def overtaken(settings, threads):
        place.mkdir()
        (place / "about.json").write_text("theirs")
        return simulate_course(settings, threads)

    monkeypatch.setattr(_runs, "simulate_course", overtaken)
    _runs.simulate_all([mine], tmp_path)
    _runs.simulate_all([mine], tmp_path)
    assert list(tmp_path.iterdir()) == [place] and (place / "about.json").read_text() == "theirs"


def test_seeds_come_one_after_the_other():
    """Stopped after some seeds, all claims can be compared over those."""
    chosen = {"trust": all_claims()["trust"]}
    found = [each.seed for each in courses_of(chosen, range(1, 4), SMALL_SIZE)]
    assert found == sorted(found) and len(found) == 9  # base, off, rival, each once a seed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trusst"], "there is no claim trusst; there are: two_sites"),
        (["--seeds", "1"], "--seeds is 1; an interval over seeds needs 2 or more"),
        (["--part", "3/2"], "'3/2' is not K/N with 1 ≤ K ≤ N"),
    ],
)
def test_what_is_wrong_is_told(words, told, capsys):
    with pytest.raises(SystemExit):
        main(words)
    assert told in capsys.readouterr().err
