"""Quick form of studies found again: planted growth and generalisation are found, and none where none is learnt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibrate import _loop_page, loop, recovery
from calibrate import _loop_studies as studies
from calibrate._kept import FOLDER
from calibrate._recovered import PICTURES, Box, Mark, draw
from interbrain.simulate.courses.course import Course
from interbrain.simulate.recordings.devices._state import SESSION, WITH
from interbrain.simulate.recordings.recorded import simulate_recorded

SEGMENTS = (SESSION, WITH["stranger"])
SEED = 3


def contact(growing, dyad, talk, number):
    """Of one meeting: .35 more each session and .7 more with the stranger afterwards, or the same throughout."""
    own = 0.2 + 0.02 * dyad
    return own + growing * (0.7 * (talk == "after") if talk else 0.35 * (number - 1))


def planted(state, level):
    return replace(state, contact=np.full(len(state.contact), level), lead_rad=0.0)


@pytest.fixture(scope="module")
def quick():
    """A study that grows and one that does not, as less than a minute of EEG finds them; the curve of both."""
    course = Course(dyads=4, sessions=3, seconds=6, dropout=0, seed=SEED)
    found = simulate_recorded(course, ("eeg",), 1.0, 10.0, threads=1, assess=True)
    tables = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(studies.LONGEST_S, "eeg", 50.0)
        for growing in (True, False):
            sessions = {(d, n): planted(s, contact(growing, d, "", n)) for (d, n), s in found.states.items()}
            talks = {k: planted(s, contact(growing, k[0], k[1], 0)) for k, s in found.conversations.items()}
            study = replace(found, states=sessions, conversations=talks)
            tables[growing] = studies.table_of(study, "eeg", SEED + growing, SEGMENTS)
    return tables, studies.curve_of(pd.DataFrame([studies.sums(t) for t in tables.values()]))


@pytest.mark.parametrize("segment", SEGMENTS)
def test_planted_growth_and_generalisation_are_found_and_none_where_none_is(quick, segment):
    tables, (first, second) = quick
    for growing, table in tables.items():
        share, square = (studies.slope_of(table, segment, column) for column in ("share", "square"))
        found, true = studies.change(table, segment), first * share + second * square
        assert (share > 0.01) == growing and (true > 0.01) == growing
        assert found["low"] <= true <= found["high"]
        told = found["p"] <= 0.05 and found["low"] > 0
        assert told == growing, found


def test_colour_is_where_chance_is_exceeded_and_the_same_marks_give_the_same_bytes(tmp_path):
    marks = [Mark(0.1, 0.2, 0.1, 0.3, True), Mark(0.0, 0.0, -0.1, 0.1, False), Mark(0.2, 0.1, float("nan"), 0.2, True)]
    for name in ("one", "other"):
        draw(tmp_path / name, [Box("motion", marks, "planted", True, (-0.05, 0.05), (0.1,))], "Found as planted", [])
    text = (tmp_path / "one").read_text(encoding="utf-8")
    assert text == (tmp_path / "other").read_text(encoding="utf-8")
    assert text.count('class="dot found"') == 2 and text.count('class="dot grey"') == 1
    assert text.count('class="null"') == 1 and 'aria-label="Found as planted"' in text


@pytest.mark.parametrize("name", ["loop", "recovery"])
def test_pages_say_what_their_tables_say(name):
    table = pd.read_csv(FOLDER / f"{name}.tsv", sep="\t")
    if name == "loop":
        curves = {str(d): studies.curve_of(rows) for d, rows in table.groupby("device", sort=False)}
        asked = loop.studies_asked(1, 1)
        text = _loop_page.page(table, curves, len(asked))
        assert set(table["cell"]) <= set(asked)
    else:
        text = recovery.page(table)
    assert text == (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    shown = [line.split("(")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(shown) >= 2 and all((FOLDER / path).resolve().parent == PICTURES for path in shown)
    assert all((FOLDER / path).is_file() for path in shown)
