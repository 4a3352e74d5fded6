"""Which session numbers a group is told to lack."""

from pathlib import Path

import pytest

from interbrain.data.study import Meeting, Recording, Segment
from interbrain.formats._checks import gaps

DYAD, STRANGER = ("patient", "therapist"), ("patient", "stranger")


def meetings(group: str, roles: tuple[str, str], segment: str, *sessions: int) -> list[Meeting]:
    recordings = tuple(Recording(Path(r), "table", f"{group}-{r}", r, "motion") for r in roles)
    return [Meeting(group, session, recordings, (Segment(segment),)) for session in sessions]


def told(*parts: list[Meeting]) -> dict[str, str]:
    return {p.where: p.what for p in gaps(m for part in parts for m in part)}


WHOLE = meetings("01", DYAD, "whole", *range(1, 6))
COURSE = meetings("01", DYAD, "session", *range(1, 6))


@pytest.mark.parametrize("n", [1, 2])
def test_another_series_of_other_roles_lacks_nothing(n: int):
    strangers = [meetings(f"{i}", STRANGER, "with stranger", 0, 6) for i in range(n)]
    assert told(COURSE, *strangers) == {}
    named = meetings("01", DYAD, "with therapist", 0, 6)
    assert told(COURSE, named, *strangers) == {}


def test_roles_tell_a_series_that_has_no_segments_where_several_groups_have_them():
    strangers = [meetings(name, STRANGER, "whole", 0, 6) for name in "ab"]
    assert told(WHOLE, *strangers) == {}
    assert told(WHOLE, strangers[0]) == {"group a": "sessions 0 to 6 lack 1 to 5"}  # or a gap: not known of one group


def test_gaps_of_the_same_roles_or_segment_are_told():
    holes = meetings("02", DYAD, "session", 1, 4, 5)
    assert told(COURSE, holes) == {"group 02": "sessions 1 to 5 lack 2, 3"}
    assert told(holes) == {"group 02": "sessions 1 to 5 lack 2, 3"}  # nobody met: a hole of the study
    mother = meetings("03", ("patient", "mother"), "session", 1, 2, 4, 5)
    assert told(COURSE, mother) == {"group 03": "sessions 1 to 5 lack 3"}
    strangers = [meetings("a", STRANGER, "with stranger", 0, 3, 6), meetings("b", STRANGER, "with stranger", 0, 6)]
    assert told(COURSE, *strangers) == {"group b": "sessions 0 to 6 lack 3"}  # 1, 2, 4 and 5 are the dyads'


def test_who_is_absent_once_makes_no_other_series():
    holes = meetings("02", DYAD, "whole", 1, 5)
    holes[0] = Meeting("02", 1, holes[0].recordings[:1], (Segment("whole"),))
    assert told(WHOLE, holes) == {"group 02": "sessions 1 to 5 lack 2 to 4"}
