"""What is not a dyad, found before anything is tested: one recording twice, one couple in pieces, one body in two
recordings, and marks of a machine in both people's.

A meeting that compares a recording with itself is not measured. Of two meetings that are not independent the later
stays out of re-pairing, of tests over groups and of the course. Marks of a machine are told, with their times: what is
left of the recording without them may still be good, and only a person can say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from interbrain.data.errors import Problem
from interbrain.data.study import Meeting, Recording, Study
from interbrain.signals.bodies import find_bodies
from interbrain.signals.copies import Copy, find_copies
from interbrain.signals.marks import Shared, shared
from interbrain.signals.seams import find_seams
from interbrain.signals.traits import Traits
from interbrain.signals.twins import find_twins
from interbrain.study.person import Person
from interbrain.study.slots import Slot, slots, where

ADJOINING_S = 2.0
"""A recording that starts this soon after another ended may go on from it."""


@dataclass
class Verdict:
    """Meetings that must not be measured, meetings that stay out of tests over groups, and what to tell."""

    refused: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Place:
    """A recording in the study."""

    meeting: Meeting
    recording: Recording
    order: int

    @property
    def where(self) -> str:
        return where(self.meeting, self.recording)

    def same_person(self, other: _Place) -> bool:
        mine, theirs = self.recording, other.recording
        return (mine.person, mine.role) == (theirs.person, theirs.role)

    def same_input(self, other: _Place) -> bool:
        mine, theirs = self.recording, other.recording
        return self.same_person(other) and mine.path == theirs.path and mine.channels == theirs.channels


def refuse_twins(study: Study, people: dict[Slot, Person]) -> tuple[frozenset[str], frozenset[str], list[Problem]]:
    """Meetings that must not be measured, meetings that stay out of tests over groups, and what to tell of both."""
    order = {meeting.key: i for i, meeting in enumerate(study.meetings)}
    places = {f"{s[0]}\t{s[1]}": _Place(m, r, order[m.key]) for s, (m, r) in slots(study).items()}
    ids = {slot: f"{slot[0]}\t{slot[1]}" for slot in people}
    known = {ids[slot]: p.traits for slot, p in people.items() if p.traits is not None}
    starts = {ids[slot]: p.meta.get("start_time") for slot, p in people.items()}
    verdict = Verdict()
    same = _twins(verdict, places, known)
    same |= _copies(verdict, places, known, same)
    same |= _bodies(verdict, places, known, same)
    _seams(verdict, places, known, same, starts)
    _marks(verdict, places, known, same)
    return frozenset(verdict.refused), frozenset(verdict.excluded), verdict.problems


Pairs = set[tuple[str, str]]


def _twins(verdict: Verdict, places: dict[str, _Place], known: dict[str, Traits]) -> Pairs:
    """The same samples, under whatever name."""
    found: Pairs = set()
    for twin in find_twins({i: t.print for i, t in known.items()}):
        found.add((twin.id_a, twin.id_b))
        what = f"holds the same samples as {places[twin.id_b].where}: {twin.seconds:.0f} s, {twin.share:.0%} of the "
        _one_recording(verdict, places[twin.id_a], places[twin.id_b], what + "shorter recording")
    return found


def _copies(verdict: Verdict, places: dict[str, _Place], known: dict[str, Traits], same: Pairs) -> Pairs:
    """The same course of events, in other samples."""
    found: Pairs = set()
    for copy in find_copies({i: t.sketch for i, t in known.items()}):
        if (copy.id_a, copy.id_b) in same:
            continue
        a, b = places[copy.id_a], places[copy.id_b]
        if a.meeting.key == b.meeting.key and not a.same_person(b) and not copy.one_signal:
            _alike(verdict, copy, a, b)
            continue
        found.add((copy.id_a, copy.id_b))
        _one_recording(verdict, a, b, f"{_agrees(copy, b.where)}; it seems to be one recording, changed")
    return found


def _agrees(copy: Copy, other: str) -> str:
    return (
        f"runs as {other} does for {copy.seconds:.0f} s from {copy.start_s:.0f} s on ({copy.share:.0%} of the shorter "
        f"recording), {copy.offset_s:+.2f} s later there, "
        f"correlation {copy.correlation:.2f} up to {max(copy.finest_hz, 0.25):g} Hz"
    )


def _alike(verdict: Verdict, copy: Copy, a: _Place, b: _Place) -> None:
    why = "very strong synchrony looks like this, and so does one lamp, sound or pacer that reaches both recordings"
    done = "measured; compare it with a stretch in which nothing was shared"
    verdict.problems.append(Problem(a.where, _agrees(copy, b.where), why, done, costs_data=False))


def _one_recording(verdict: Verdict, a: _Place, b: _Place, what: str) -> None:
    """Refuse the meeting or exclude the later one; nothing where one input stands in two places on purpose."""
    if a.same_input(b):
        return
    if a.meeting.key == b.meeting.key:
        if not a.same_person(b):
            verdict.refused.add(a.meeting.key)
            why = "a recording synchronises with itself perfectly"
            verdict.problems.append(Problem(a.where, what, why, "the meeting was not measured"))
        return
    _exclude(verdict, a, b, what)


def _exclude(verdict: Verdict, a: _Place, b: _Place, what: str) -> None:
    verdict.excluded.add(max(a, b, key=lambda place: place.order).meeting.key)
    why, done = "tests over groups need independent recordings", "the later one stays out of those tests"
    verdict.problems.append(Problem(a.where, what, why, done))


def _strangers(a: _Place, b: _Place) -> bool:
    """Two people who did not meet, by their labels."""
    return a.meeting.group != b.meeting.group and not a.same_person(b)


def _bodies(verdict: Verdict, places: dict[str, _Place], known: dict[str, Traits], same: Pairs) -> Pairs:
    """Hearts and breaths that keep step in two recordings of different people."""
    found: Pairs = set()
    for one in find_bodies({i: t.rhythms for i, t in known.items()}):
        a, b = places[one.id_a], places[one.id_b]
        pair = (one.id_a, one.id_b)
        if pair in same or pair in found or a.same_person(b):
            continue
        what = (
            f"its {one.rhythm} keeps step with that of {b.where}: phase locking {one.locking:.2f} over "
            f"{one.seconds:.0f} s at {one.hz:.2f} Hz"
        )
        together = a.meeting.key == b.meeting.key
        if one.rhythm == "heart" and (together or _strangers(a, b)):
            found.add(pair)
            _one_recording(verdict, a, b, what + "; it seems to be one body")
        elif _strangers(a, b):
            why = "breath keeps step where one body was recorded twice, and where people breathe to one pacer"
            verdict.problems.append(Problem(a.where, what, why, "told only", costs_data=False))
    return found


def _seams(
    verdict: Verdict,
    places: dict[str, _Place],
    known: dict[str, Traits],
    same: Pairs,
    starts: dict[str, str | None],
) -> None:
    """Recordings of different groups that go on from one another, by their samples or by their clocks."""
    joined: Pairs = set()
    for modality in dict.fromkeys(places[i].recording.modality for i in known):
        here = {i: t.ends for i, t in known.items() if t.ends is not None and places[i].recording.modality == modality}
        left_out: list[str] = []
        for seam in find_seams(here, left_out=left_out):
            a, b = places[seam.id_a], places[seam.id_b]
            if a.meeting.group == b.meeting.group or {(seam.id_a, seam.id_b), (seam.id_b, seam.id_a)} & same:
                continue
            joined.add((seam.id_a, seam.id_b))
            clock = "; their clocks adjoin too" if _adjoin(seam.id_a, seam.id_b, known, starts) else ""
            what = f"{b.where} goes on where it ends (log likelihood ratio {seam.score:.0f}, {seam.needed:.0f} needed)"
            _exclude(verdict, a, b, f"{what}{clock}; they seem to be pieces of one recording")
        for i in left_out:
            what = "whether another recording goes on where it ends cannot be reckoned from its samples"
            why = "pieces of one recording are not two dyads"
            verdict.problems.append(Problem(places[i].where, what, why, "told only", costs_data=False))
    for (i, a), (j, b) in _ordered(places, known):
        if a.meeting.group != b.meeting.group and (i, j) not in joined and _adjoin(i, j, known, starts):
            what = f"{b.where} starts within {ADJOINING_S:g} s of its end, by their clocks"
            why = "pieces of one recording are not two dyads; their samples do not show that they are"
            verdict.problems.append(Problem(a.where, what, why, "told only; see whether they are one", False))


def _ordered(
    places: dict[str, _Place], known: dict[str, Traits]
) -> Iterator[tuple[tuple[str, _Place], tuple[str, _Place]]]:
    """Ordered pairs of recordings in the same role and modality."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for i in known:
        kinds.setdefault((places[i].recording.role, places[i].recording.modality), []).append(i)
    for ids in kinds.values():
        for i in ids:
            for j in ids:
                if i != j:
                    yield (i, places[i]), (j, places[j])


def _adjoin(i: str, j: str, known: dict[str, Traits], starts: dict[str, str | None]) -> bool:
    one, other = starts.get(i), starts.get(j)
    if not one or not other:
        return False
    try:
        between = (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds()
    except (ValueError, TypeError):  # a clock without a date, or one of two without a zone: nothing can be said
        return False
    return abs(between - known[i].sketch.duration) <= ADJOINING_S


_TOLD: dict[str, tuple[str, Callable[[Shared], str]]] = {
    "steps": ("a lamp or a clock reaches both recordings", lambda s: f"{s.count} steps at the very same sample"),
    "dropouts": ("one device lost both recordings at once", lambda s: f"{s.count} drop-outs that begin at once"),
    "saturated": ("one cause drove both recordings to their limit", lambda s: f"saturation {s.count} times at once"),
    "lines": (
        "a lamp, the mains or their alias reaches both recordings, or both people move to one metronome",
        lambda s: f"{s.count} spectral {'line' if s.count == 1 else 'lines'} at the very same frequency",
    ),
}


def _marks(verdict: Verdict, places: dict[str, _Place], known: dict[str, Traits], same: Pairs) -> None:
    """Marks that the recordings of one meeting have in common."""
    meetings: dict[tuple[str, str], list[str]] = {}
    for i in known:
        meetings.setdefault((places[i].meeting.key, places[i].recording.modality), []).append(i)
    for ids in meetings.values():
        for i, j in combinations(ids, 2):
            a, b = places[i], places[j]
            if a.same_person(b) or (i, j) in same or a.meeting.key in verdict.refused:
                continue
            later = round(((b.recording.offset_s or 0.0) - (a.recording.offset_s or 0.0)) * known[i].marks.rate)
            for found in shared(known[i].marks, known[j].marks, later):
                verdict.problems.append(_mark_problem(found, a, b))


def _mark_problem(found: Shared, a: _Place, b: _Place) -> Problem:
    why, what = _TOLD[found.kind]
    unit = "Hz" if found.kind == "lines" else "s"
    at = ", ".join(f"{x:.2f}" for x in found.at) + (" …" if found.count > len(found.at) else "")
    chance = "" if found.kind == "lines" else f"; {found.expected:.1f} by chance"
    done = (
        "measured as it is; keep the band away from it"
        if found.kind == "lines"
        else "measured as it is; cut those times out and see whether the synchrony stays"
    )
    return Problem(a.where, f"{what(found)} as {b.where} ({at} {unit}{chance})", why, done, costs_data=False)
