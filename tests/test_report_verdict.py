"""Sentences say what the tables say: number, sign, strength; a changed table changes the sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fake_results
from interbrain.report import summary, verdict, views, words
from interbrain.report.figures import outcome as outcome_figure
from interbrain.report.figures import slopes
from interbrain.report.limits import limits
from interbrain.report.methods import methods
from interbrain.report.results import Results, read_results


@pytest.fixture(scope="module")
def full() -> Results:
    return read_results(fake_results.shared("full"))


@pytest.fixture(scope="module")
def motion() -> Results:
    return read_results(fake_results.shared("motion"))


@pytest.fixture(scope="module")
def one_dyad() -> Results:
    return read_results(fake_results.shared("one_dyad"))


def changed(results: Results, table: str, where: Any = None, **values: Any) -> Results:
    """The same results with columns of some rows of one table set."""
    rows = results[table].copy()
    chosen = np.ones(len(rows), dtype=bool) if where is None else where(rows)
    for column, value in values.items():
        rows.loc[chosen, column] = value
    return Results(
        results.folder, {**results.tables, table: rows}, results.plan, results.provenance, results.timing, results.maps
    )


def one(found: list[verdict.Finding]) -> verdict.Finding:
    assert len(found) == 1
    return found[0]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def planted(rows: pd.DataFrame) -> pd.Series:
    return (rows["place_a"] == "rTPJ") & (rows["place_b"] == "rIFG")


def test_beyond_chance_found(motion: Results) -> None:
    motion = changed(motion, "tests", lambda t: t["test"] == "within", estimate=0.1059)
    said = one(verdict.beyond_chance(motion))
    assert said.kind == "found" and said.lead == "Synchrony exceeds chance."
    assert plain(said.detail) == (
        "Windowed lagged cross-correlation 0.106, where surrogates of the same recordings (shuffled segments) give "
        "0.085 ± 0.002; p = .005."
    )


def test_beyond_chance_counts_places(full: Results) -> None:
    said = one(verdict.beyond_chance(full))
    assert said.lead == "Synchrony exceeds chance in 2 of 64 tests (16 region pairs × 2 signals × 2 segments)."
    assert said.detail.startswith("Most clearly patient rTPJ and therapist rIFG (HbO, task): wavelet")
    assert "corrected over the 16 of its family" in said.detail
    fewer = changed(
        full, "tests", lambda t: (t["test"] == "within") & planted(t) & (t["signal_a"] == "hbr"), p_family=0.06
    )
    assert one(verdict.beyond_chance(fewer)).lead.startswith("Synchrony exceeds chance in 1 of 64 tests")


def test_families_must_hold_at_their_false_discovery_rate(full: Results) -> None:
    weak = changed(full, "tests", lambda t: t["test"] == "within", p_fdr=0.07)
    assert one(verdict.beyond_chance(weak)).kind == "none"


def test_below_chance_is_no_synchrony(motion: Results) -> None:
    turned = changed(motion, "tests", lambda t: t["test"] == "within", estimate=0.064, z=-10.5)
    assert one(verdict.beyond_chance(turned)).kind == "none"


def test_nothing_beyond_chance_names_what_was_tried(one_dyad: Results) -> None:
    said = one(verdict.beyond_chance(one_dyad))
    assert said.kind == "none"
    assert said.lead == (
        "No evidence of synchrony beyond chance in any of 676 tests (2 measures × 169 channel pairs × 2 bands)."
    )
    assert "p = .21, corrected over the 169 of its family" in plain(said.detail)


def test_one_dyad_cannot_be_re_paired(one_dyad: Results) -> None:
    said = one(verdict.beyond_situation(one_dyad))
    assert said.kind == "little" and said.lead == "One dyad was recorded, so partners cannot be re-paired."


def test_re_pairing(motion: Results) -> None:
    motion = changed(motion, "tests", lambda t: t["test"] == "repair", estimate=0.1059)
    said = one(verdict.beyond_situation(motion))
    assert said.kind == "found" and said.lead == "Real dyads exceed the same people re-paired."
    assert plain(said.detail) == (
        "0.106 in the real dyads, 0.092 ± 0.005 when partners are re-paired; higher than in 1 994 of 1 999 re-pairings "
        "of the same people; p = .003."
    )
    none = changed(motion, "tests", lambda t: t["test"] == "repair", p=0.12, p_family=0.12)
    assert one(verdict.beyond_situation(none)).lead == "No evidence that real dyads exceed the same people re-paired."
    few = changed(none, "tests", lambda t: t["test"] == "repair", smallest_p=1 / 6, n_groups=3)
    said = one(verdict.beyond_situation(few))
    assert (
        said.kind == "little"
        and plain(said.lead) == "Too little data to say: re-pairing 3 dyads can give no p below .17."
    )


def test_growth_has_its_number_interval_and_sign(full: Results) -> None:
    best = lambda c: planted(c) & (c["signal_a"] == "hbo") & (c["segment"] == "task")  # noqa: E731
    known = changed(full, "course", p=0.5, p_family=0.9, p_signflip=0.5)
    known = changed(
        known, "course", best, slope=0.1234, ci_low=0.051, ci_high=0.196, p=0.004, p_family=0.008, p_signflip=0.0078,
        n_groups=8, n_meetings=38,
    )  # fmt: skip
    said = one(verdict.growth(known))
    assert plain(said.lead) == "Synchrony rises by 0.123 z a session for patient rTPJ and therapist rIFG (HbO, task)."
    assert plain(said.detail) == (
        "95 % interval 0.051 to 0.196; p = .008, corrected over the 16 of its family; flipping the signs of "
        "whole dyads "
        "p = .008; 8 dyads, 38 sessions. None of the other 63 stands out."
    )
    falls = changed(known, "course", best, slope=-0.1234, ci_low=-0.196, ci_high=-0.051)
    said = one(verdict.growth(falls))
    assert plain(said.lead).startswith("Synchrony falls by 0.123 z a session")
    assert plain(said.detail).startswith("95 % interval −0.196 to −0.051;")


def test_growth_in_one_of_four_families_is_told_over_families(full: Results) -> None:
    best = lambda c: planted(c) & (c["signal_a"] == "hbo") & (c["segment"] == "task")  # noqa: E731
    known = changed(full, "course", p=0.5, p_family=0.9, p_signflip=0.5)
    known = changed(known, "course", best, p=0.004, p_family=0.02, p_signflip=0.0078)
    said = one(verdict.growth(known))
    assert said.kind == "none"
    assert "p = .020, corrected over the 16 of its family (p = .080 over all families of tests)" in plain(said.detail)


def test_growth_needs_both_checks(full: Results) -> None:
    flat = changed(full, "course", p_signflip=0.3)
    said = one(verdict.growth(flat))
    assert said.kind == "none"
    assert said.lead == "No evidence that synchrony changes over sessions in any of 64 places."
    assert "disagree" in said.detail
    unsure = changed(full, "course", p=0.3, p_family=0.4, p_signflip=0.3)
    assert "disagree" not in one(verdict.growth(unsure)).detail


def test_growth_with_too_little_data(full: Results, motion: Results) -> None:
    assert one(verdict.growth(motion)).lead == (
        "Too little data to say whether synchrony changes over sessions: each dyad met once."
    )
    empty = changed(full, "course", slope=np.nan, p=np.nan, p_family=np.nan, note="two dyads, none with 2 sessions")
    said = one(verdict.growth(empty))
    assert said.kind == "little" and said.detail == "Two dyads, none with 2 sessions."


def test_one_place_without_family_p_is_corrected_for_their_number(full: Results) -> None:
    rows = changed(full, "course", p=0.01, p_family=np.nan, p_signflip=np.nan)
    assert one(verdict.growth(rows)).kind == "none"
    rows = changed(full, "course", p=0.0001, p_family=np.nan, p_signflip=np.nan)
    assert one(verdict.growth(rows)).kind == "found"


def test_who_leads_follows_the_sign(motion: Results) -> None:
    said = one(verdict.leading(motion))
    assert said.lead == "The patient leads: synchrony is higher when the patient is ahead of the therapist."
    assert "0.009, in surrogates 0.000 ± 0.003; p = .010" in plain(said.detail)
    turned = changed(motion, "tests", lambda t: t["test"] == "leads", estimate=-0.0093, z=-2.8)
    assert one(verdict.leading(turned)).lead.startswith("The therapist leads")
    unsure = changed(motion, "tests", lambda t: t["test"] == "leads", p=0.2, p_family=0.2)
    assert one(verdict.leading(unsure)).lead == "No evidence that either of the two leads."


def leading(rows: pd.DataFrame) -> pd.Series:
    return (rows["test"] == "leads") & planted(rows) & (rows["segment"] == "task")


def test_a_lag_in_seconds_is_said_in_seconds(full: Results) -> None:
    known = changed(full, "tests", leading, estimate=1.034, null_sd=0.36)
    said = one(verdict.leading(known))
    assert plain(said.lead) == "The patient is ahead by 1.0 s."
    assert said.detail.startswith("Patient rTPJ and therapist rIFG (Hb")
    assert "mean lag of eight dyads, signs flipped over dyads; p = .008, corrected over the 16 of its" in plain(
        said.detail
    )
    assert said.detail.endswith("A lead shows in both places that exceed chance.")
    turned = changed(full, "tests", leading, estimate=-0.0384, null_sd=0.004)
    assert plain(one(verdict.leading(turned)).lead) == "The therapist is ahead by 38 ms."
    mixed = changed(known, "tests", lambda t: leading(t) & (t["signal_a"] == "hbr"), estimate=-0.5, p_family=0.01)
    assert one(verdict.leading(mixed)).detail.endswith("in one of them the therapist's.")
    unsure = changed(full, "tests", leading, p=0.2, p_family=0.6)
    said = one(verdict.leading(unsure))
    assert said.kind == "none" and said.lead.startswith("No evidence that either of the two leads")


def test_a_lag_of_what_does_not_exceed_chance_is_not_read(full: Results) -> None:
    everywhere = changed(full, "tests", lambda t: t["test"] == "leads", p=0.008, p_family=0.008)
    read = views.leads(everywhere)
    assert set(zip(read["place_a"], read["place_b"], read["segment"])) == {("rTPJ", "rIFG", "task")}
    nothing = changed(everywhere, "tests", lambda t: t["test"] == "within", p_family=0.5)
    said = one(verdict.leading(nothing))
    assert said.kind == "little" and said.lead == "Who leads cannot be said: nowhere does synchrony exceed chance."


def test_instruments_go_by_their_short_names(full: Results) -> None:
    stored = changed(full, "outcome", lambda o: o["instrument"] == "PHQ-9", instrument="phq_9")
    assert one(verdict.outcome(stored)).lead.startswith("PHQ-9 is lower")
    assert full.instrument_name("wai_sr") == "WAI-SR" and full.instrument_name("mood today") == "mood today"
    said = " ".join(
        methods(changed(stored, "scores", lambda s: s["instrument"] == "PHQ-9", instrument="phq_9")).paragraphs
    )
    assert "phq_9" not in said and "t + 1" not in said


def test_a_family_alone_in_its_analysis_still_answers_to_all_families(motion: Results) -> None:
    weak = changed(motion, "tests", lambda t: t["test"] == "within", p_fdr=0.07)
    assert one(verdict.beyond_chance(weak)).kind == "none"


def test_arms_and_segments(motion: Results, full: Results) -> None:
    said = one(verdict.contrasts(motion))
    assert said.question == "Continued or dropout?"
    assert said.lead == "No evidence that synchrony differs between continued and dropout."
    said = one(verdict.contrasts(full))
    assert said.lead.startswith("Synchrony is higher in task than in rest")
    turned = changed(full, "tests", lambda t: t["test"] == "contrast:task-rest", estimate=-0.1)
    assert one(verdict.contrasts(turned)).lead.startswith("Synchrony is higher in rest than in task")


@pytest.mark.parametrize(("first", "asked"), [("CBT", "CBT"), ("eCBT", "eCBT"), ("waiting list", "Waiting list")])
def test_names_of_arms_stay_as_they_were_given(motion: Results, first: str, asked: str) -> None:
    named = changed(motion, "tests", lambda t: t["test"].str.startswith("arm:"), test=f"arm:{first}-PDT")
    said = one(verdict.contrasts(named))
    assert said.question == f"{asked} or PDT?"
    assert said.lead == f"No evidence that synchrony differs between {first} and PDT."


def test_a_direction_is_said_with_the_roles(motion: Results) -> None:
    rows = motion["tests"]
    within = rows[rows["test"] == "within"]
    both = pd.concat([within.assign(direction=d, family=d) for d in ("b_to_a", "a_to_b")], ignore_index=True)
    both.loc[both["direction"] == "a_to_b", ["p", "p_family"]] = 0.9
    said = one(verdict.beyond_chance(replace(motion, tables={**motion.tables, "tests": both})))
    a, b = motion.roles
    assert f"{b} to {a}" in f"{said.lead} {said.detail}".replace(b.capitalize(), b)
    assert "a_to_b" not in said.detail and "b_to_a" not in said.detail


def test_outcome_keeps_within_and_between_apart(full: Results) -> None:
    said = one(verdict.outcome(full))
    assert said.lead == "PHQ-9 is lower (better) in sessions in which a person's synchrony is above their own line."
    assert plain(said.detail) == (
        "PHQ-9 within persons, −9.4 points per 1 z of synchrony (95 % interval −15.1 to −3.7; p = .002, adjusted for "
        "session); p = .002 over six associations. No evidence of an association between persons."
    )
    unsure = changed(full, "outcome", lambda o: o["p"] < 0.01, p=0.02, p_fdr=0.12)
    said = one(verdict.outcome(unsure))
    assert said.lead == "No evidence that synchrony goes with PHQ-9 or WAI-SR, within persons or between them."
    assert "six associations were tested" in said.detail
    assert verdict.outcome(changed(full, "outcome", lambda o: o["p"] < 0.01, estimate=9.4))[0].lead.startswith(
        "PHQ-9 is higher"
    )


def test_truth_beside_what_was_found(full: Results) -> None:
    row = one(summary.truth_rows(full))  # type: ignore[arg-type]
    assert row.planted == "0.060 a session" and row.inside is True
    far = changed(full, "course", planted, ci_low=0.1, ci_high=0.2)
    assert summary.truth_rows(far)[0].inside is False
    quiet = changed(full, "course", lambda c: ~(planted(c) & (c["signal_a"] == "hbo")), p_family=0.9)
    assert summary.false_alarms(quiet) == "Elsewhere nothing was planted, and none of 63 places shows a change."
    nothing = replace(quiet, provenance={**quiet.provenance, "truth": {**quiet.truth, "planted": []}})
    assert summary.false_alarms(nothing) == "Nothing was planted, and 1 of 64 places shows a change."
    assert summary.false_alarms(replace(quiet, provenance={"truth": {"simulated": True}})) == ""


def test_key_figures_count_the_tables(full: Results) -> None:
    figures = {k.name: k.value for k in summary.key_figures(full)}
    meetings = full["synchrony"].drop_duplicates(["group", "session"])
    assert figures["dyads"] == "8" and figures["sessions"] == str(len(meetings))
    assert figures["pairs tested"] == "32" and figures["surrogates each"] == "199"
    assert figures["hours recorded"] == "6.9"
    without = Results(full.folder, full.tables, full.plan, {**full.provenance, "hours": None}, full.timing)
    seconds = 780.0 * len(meetings)
    assert {k.name: k.value for k in summary.key_figures(without)}["hours recorded"] == f"{seconds / 3600:.1f}"


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.1234, 2, "0.12"),
        (-0.00456, 2, "−0.0046"),
        (1234.5, 2, "1\u202f234"),
        (float("nan"), 2, "n/a"),
        (-1e-9, 2, "0.000000"),
    ],
)
def test_numbers(value: float, digits: int, expected: str) -> None:
    assert words.number(value, digits) == expected


def test_digits_follow_the_spread() -> None:
    assert plain(words.with_spread(0.37321, 0.0089)) == "0.373 ± 0.009"
    assert plain(words.with_spread(0.37321, 0.0123)) == "0.373 ± 0.012"
    assert words.estimate(0.0627, 0.0441, 0.0814) == ("0.063", "0.044 to 0.081")
    assert [plain(words.p_text(p)) for p in (0.0004, 0.005, 0.0496, 0.21, 1.0)] == [
        "p < .001", "p = .005", "p = .050", "p = .21", "p > .99",
    ]  # fmt: skip


def test_methods_name_the_standard_errors_and_limits_tell_few_degrees_of_freedom(full):
    text = " ".join(methods(full).paragraphs)
    assert "scatter of whole dyads (CR2)" in text and "Kenward" not in text
    plain = changed(full, "course", method="excess ~ session + (1 + session | group); REML, Kenward–Roger")
    text = " ".join(methods(plain).paragraphs)
    assert "Kenward and Roger" in text and "CR2" not in text
    assert not any("degrees of freedom" in item for item in limits(full))
    few = changed(full, "course", df=3.2)
    assert any("3.2 degrees of freedom" in item for item in limits(few))
    assert not any("degrees of freedom" in item for item in limits(changed(plain, "course", df=3.2)))


def test_one_is_not_many() -> None:
    assert words.figures(1, "dyad") == "1 dyad" and words.figures(8, "dyad") == "8 dyads"
    assert words.were(1, "association") == "one association was" and words.were(6, "test") == "six tests were"


def test_one_dyad_and_one_other_place_are_said_in_the_singular(full: Results) -> None:
    rows = full["course"]
    kept = rows[(rows["term"] == "session") & planted(rows)].head(1)
    other = kept.assign(place_a="lTPJ", slope=0.0, p=0.9, p_family=0.9, p_signflip=0.9)
    course = pd.concat(
        [kept.assign(n_groups=1, n_meetings=1, p=0.001, p_family=0.001, p_signflip=0.01), other], ignore_index=True
    )
    said = one(verdict.growth(replace(full, tables={**full.tables, "course": course})))
    assert said.kind == "found" and "1 dyad, 1 session." in said.detail
    assert said.detail.endswith("The other one does not stand out.")
    pictured = slopes.picture(replace(full, tables={**full.tables, "course": course.assign(place_a="x", place_b="y")}))
    assert pictured is not None and "in order of size. Colour" in pictured.subtitle


def test_one_association_was_tested(full: Results) -> None:
    lone = outcome_figure._note(full, views.associations(full).head(1))
    assert "one association was tested in all" in lone


def test_counts_are_multiplied_only_where_all_came_with_all():
    about = {"analysis": ["a", "b"], "measure": ["plv", "wtc"], "place_a": "x", "place_b": "y"}
    rows = pd.DataFrame({**about, "band": ["slow", "fast"], "null": ["shift", "shuffle"]})
    assert views.tests_text(rows) == "2 measures, 2 bands, 2 kinds of surrogate"
    whole = pd.DataFrame([("x", "y", b, n) for b in "ab" for n in "st"], columns=["place_a", "place_b", "band", "null"])
    assert views.tests_text(whole.assign(analysis="a", measure="plv")) == "2 bands × 2 kinds of surrogate"


def test_methods_do_not_tell_a_test_that_gave_no_answer(full):
    assert "Who leads was tested" in " ".join(methods(full).paragraphs)
    none = changed(full, "tests", lambda t: t["test"] == "leads", p=np.nan)
    assert "Who leads was tested" not in " ".join(methods(none).paragraphs)


def test_a_direction_is_claimed_against_its_own_null_only(one_dyad: Results) -> None:
    """The same value both ways; chance gives less of it one way. The difference of the two is said to be untested."""
    keys = {"place_a": "Cz", "place_b": "Pz", "band": "alpha", "measure": "plv"}
    tables = {}
    for name in ("synchrony", "nulls"):
        row = one_dyad[name]
        row = row[(row[list(keys)] == pd.Series(keys)).all(axis=1)]
        row = row.assign(value=0.4, stabilised=0.4) if name == "synchrony" else row
        ways = [row.assign(direction="a_to_b"), row.assign(direction="b_to_a")]
        if name == "nulls":
            own = ({"z": 6.0, "p": 0.005, "p_family": 0.005}, {"z": 0.1, "p": 0.5, "p_family": 0.5})
            ways = [w.assign(family=str(i), **chance) for i, (w, chance) in enumerate(zip(ways, own, strict=True))]
        tables[name] = pd.concat(ways, ignore_index=True)
    directed = replace(one_dyad, tables={**one_dyad.tables, **tables})
    said = one(verdict.beyond_chance(directed))
    assert said.lead.startswith("Synchrony exceeds chance in 1 of 2 tests")
    assert "person1 to person2" in said.detail and "person2 to person1" not in said.detail
    assert "the difference between the two directions was not tested" in views.directed_text(directed)
