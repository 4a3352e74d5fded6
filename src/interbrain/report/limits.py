"""What the page does not show: standing limits, and only those that apply."""

from __future__ import annotations

from interbrain.data.tables import EVERYBODY
from interbrain.report import confounds, words
from interbrain.report.results import Results


def limits(results: Results) -> list[str]:
    """What this page does not show; only what applies."""
    return [
        *_standing(results),
        *_who(results),
        *_machines(results),
        *_other_role(results),
        *_tests(results),
        *_course(results),
        *_outcome(results),
        *_simulated(results),
    ]


def _standing(results: Results) -> list[str]:
    return [
        "It diagnoses nobody. Numbers here describe recordings; they are for research and supervision, and no score "
        "of a person follows from them.",
        f"Synchrony beyond within-{results.unit} surrogates can still come from what both people share: a task, "
        "a sound, a rhythm, speech in turns, or movement that reaches both recordings.",
    ]


def _who(results: Results) -> list[str]:
    n = len(results.groups)
    if n < 2:
        return [
            f"One {results.unit} was recorded. Nothing here generalises to other people, and partners could not be "
            "re-paired."
        ]
    if n < 40:
        return [
            f"{words.count(n, results.unit).capitalize()} were recorded. With so few, a true effect of ordinary size "
            "is easily missed, and one that is found tends to look larger than it is."
        ]
    return [f"{n} {results.unit}s were recorded; what holds for them need not hold in other places."]


def _machines(results: Results) -> list[str]:
    told = results["problems"]
    marked = told["what"].astype(str).str.contains("at the very same |begin at once|times at once")
    if not len(told) or not marked.any():
        return []
    rows = words.count(int(marked.sum()), "row")
    return [
        f"Marks of a machine stand at the same moment in two people's recordings ({rows} of the problems below, "
        "with their times): what is called synchrony there may be a lamp, a camera or a clock."
    ]


def _other_role(results: Results) -> list[str]:
    """One person who is in all dyads, or who is changed when partners are."""
    sync, n = results["synchrony"], len(results.groups)
    a, b = results.roles
    therapists = {t for t in sync["therapist"].unique() if t}
    people = set(sync["person_b"].unique())
    if n > 1 and (len(therapists) == 1 or len(people) == 1):
        return [f"All {results.unit}s share one {b}, so nothing generalises to other people in that role."]
    if n > 1 and (results["tests"]["test"] == "repair").any():
        return [
            f"Re-pairing the {a} with another {b} also changes the {b}: what a single {b} does with everybody is in it."
        ]
    return []


def _tests(results: Results) -> list[str]:
    """What the tests that were made cannot tell."""
    tests = set(results["tests"]["test"])
    out = []
    if "repair" in tests:
        out.append(
            "Re-pairing compares with chance in who met whom. It cannot tell synchrony from events that came at a "
            f"time of each {results.unit}'s own, nor from two people who were put together because they resemble "
            "each other."
        )
    if (results["synchrony"]["role_a"] == EVERYBODY).any():
        out.append(
            "Values of all members of a group at once were compared with surrogates within each group alone: members "
            "of different groups were not put together. What everybody in the room shares (a task, music, a speaker) "
            "counts as synchrony there."
        )
    out += confounds.limit(results)
    if "leads" in tests:
        out.append(
            "A signal that comes first need not lead: a slower response of the other person's body or sensor shifts "
            "the lag as well."
        )
    if any(t.startswith("condition:") for t in tests):
        out.append(
            "Conditions that always came in the same order are compared together with everything that changes over "
            "sessions."
        )
    return out


def _course(results: Results) -> list[str]:
    out = []
    if len(results.sessions) > 1:
        out.append(
            "The number of a session is also practice, familiarity and calendar time; without a comparison group this "
            "design cannot tell them apart."
        )
    course = results["course"]
    robust = (course["term"] == "session") & course["method"].astype(str).str.contains("CR2")
    df = course.loc[robust, "df"].min()
    if df < 4:
        out.append(
            f"The interval of the change over sessions rests on {df:.1f} degrees of freedom. Below four they are "
            "rough, and it is rather too wide than too narrow."
        )
    return out


def _outcome(results: Results) -> list[str]:
    out = []
    if (results["outcome"]["lag_sessions"] > 0).any():
        out.append(
            "In a course of few sessions, synchrony that goes with a later score only leaves a weaker relation of "
            "opposite sign with the score of the same session: read both rows together."
        )
    if len(results["outcome"]):
        out.append(
            "An association with scores, within persons or between them, does not say which of the two came first."
        )
    return out


def _simulated(results: Results) -> list[str]:
    if not results.simulated:
        return []
    return [
        "These recordings were simulated. What is found here shows what the method can find, and says nothing about "
        "people."
    ]
