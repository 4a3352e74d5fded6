"""A simulated course on disk and on the screen: the command line, its files, its figure."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from interbrain.app.cli import main
from interbrain.report.figures.common import apart
from interbrain.report.figures.simulated_course import course_page, draw_course, finding
from interbrain.simulate.courses.course import Course, simulate_course
from interbrain.simulate.courses.questionnaires import QUESTIONNAIRES

QUICK = ["--therapy", "cbt", "--sessions", "2", "--dyads", "3", "--seed", "1", "--set", "seconds=6", "--quiet"]


def invoke(*words):
    return CliRunner().invoke(main, ["simulate", *map(str, words)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "course"
    found = invoke(out, *QUICK, "--set", "stress=0.9", "--without", "oxytocin")
    assert found.exit_code == 0, found.output
    return out, found.output


def test_all_files_are_there_and_agree(written):
    out, said = written
    assert {p.name for p in out.iterdir()} == {
        "course.tsv", "measured.tsv", "questionnaires.tsv", "questionnaire_items.tsv", "truth.json", "sim.toml",
        "course.svg", "course.html",
    }  # fmt: skip
    assert "3 simulated dyads" in said and "Cognitive-behavioural therapy" in said
    truth = json.loads((out / "truth.json").read_text())
    assert (
        truth["without"] == ["oxytocin"] and truth["settings"]["oxytocin"] == 0 and truth["settings"]["stress"] == 0.9
    )
    assert truth["simulated"] is True and [d["dyad"] for d in truth["dyads"]] == [1, 2, 3]
    course = pd.read_csv(out / "course.tsv", sep="\t")
    run = simulate_course(Course(therapy="cbt", sessions=2, dyads=3, seed=1, seconds=6, stress=0.9, oxytocin=0), 1)
    np.testing.assert_allclose(course["excess"], run.sessions["excess"], rtol=1e-8)
    scores = pd.read_csv(out / "questionnaires.tsv", sep="\t", na_values="n/a")
    for name, rows in scores.groupby("questionnaire"):
        assert rows["score"].dropna().between(*QUESTIONNAIRES[name].score_range).all()


def test_the_written_settings_give_the_same_course_again(written, tmp_path):
    out, _ = written
    again = invoke(tmp_path / "again", "--plan", out / "sim.toml", "--quiet", "--threads", 2)
    assert again.exit_code == 0, again.output
    for name in ("course.tsv", "measured.tsv", "questionnaires.tsv", "course.svg"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()


def test_what_is_wrong_is_one_sentence(tmp_path):
    for words, told in (
        (["--therapy", "cbt", "--without", "oxytocine"], "did you mean 'oxytocin'?"),
        (["--therapy", "cbt", "--set", "stres=1"], "did you mean 'stress'?"),
        (["--therapy", "hypnosis"], "there is no 'hypnosis'; there are: cbt"),
        *(
            (["--set", f"stress={x}"], f"stress is {x!r}; allowed are one number from 0 to 1, or three")
            for x in ("4", "nan", "high", "0.1,0.9")
        ),
        (["--therapy", "cbt", "--set", "learning=1", "--set", "dopamine=10", "--set", "gated_by="], "rate times gate"),
    ):
        found = invoke(tmp_path / "out", *words, "--quiet")
        assert found.exit_code == 2 and told in found.output and "Traceback" not in found.output, found.output
        assert "the file" not in found.output and "tuple" not in found.output
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    found = invoke(tmp_path / "mine", *QUICK)
    assert found.exit_code == 2 and "not a simulated course" in found.output
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"


def test_therapies_are_listed():
    whole = CliRunner().invoke(main, ["therapies"]).output
    assert "emotion_focused" in whole and "Plain chatting" in whole
    one = CliRunner().invoke(main, ["therapies", "cbt"]).output
    assert "Exposure asks for mild to moderate stress" in one and "against" in one


@pytest.fixture(scope="module")
def run():
    return simulate_course(Course(dyads=4, sessions=3, seconds=6.0, dropout=0.0), 1)


def test_the_picture_shows_the_numbers(run):
    svg = draw_course(run)
    for words in ("Synchrony in the session", "Gains", "rigid above", "Trust", "Severity", "with a", "stranger"):
        assert words in svg
    assert "nan" not in svg.lower().replace("banan", "")
    last = run.probes.query("when == 'after' and partner == 'stranger'")["excess"].mean()
    assert f"stranger, after: {last:.3f}" in svg
    assert len(re.findall(r"<title>dyad \d</title>", svg)) == 4 * 5
    first, end = (run.sessions.query(f"session == {k}")["severity"].mean() for k in (1, 3))
    assert f"severity {'rises' if end > first else 'falls'} by {abs(end - first):.2f}" in finding(run)


@pytest.mark.parametrize("width", [1000.0, 344.0])
def test_no_label_lies_over_a_line_or_another_label(run, width):
    svg = draw_course(run, width)
    across = 3 if width == 1000 else 1
    texts = re.findall(r'<text class="([^"]*)" x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)<', svg)
    labels = [(float(x), float(y), text) for cls, x, y, text in texts if cls.startswith("small")]
    assert {"therapist", "order", "metastability", "trust", "severity"} <= {text for *_, text in labels}
    assert len({x for x, *_ in labels}) == across  # one margin a column
    for x, y, text in labels:
        near = [other for a, other, _ in labels if a == x and other != y]
        assert all(abs(other - y) >= 12.9 for other in near), text
    ends = sorted(float(x) for x in re.findall(r'class="axis" x1="[^"]*" y1="[^"]*" x2="([^"]*)"', svg))
    columns = sorted({x for x, *_ in labels})
    drawn = [
        float(x) for d in re.findall(r'<path class="[^"]*" d="([^"]*)"', svg) for x in re.findall(r"[ML]([\d.]+)", d)
    ]
    for left in columns:
        assert any(abs(end - (left - 14)) < 0.1 for end in ends)  # begins right of a panel
        assert not any(left - 13.5 < x < left + 74 for x in drawn)  # no line or band enters the margin


def test_boxes_are_moved_apart_as_little_as_may_be():
    """By hand: two at one place share the move; a third far off stays; limits push all that touch them."""
    assert apart([50.0, 50.0, 90.0], [10.0, 10.0, 10.0], (0.0, 100.0)) == pytest.approx([45.0, 55.0, 90.0])
    assert apart([50.0, 52.0, 54.0], [10.0, 20.0, 10.0], (0.0, 100.0)) == pytest.approx([37.0, 52.0, 67.0])
    assert apart([98.0, 99.0], [10.0, 10.0], (0.0, 100.0)) == pytest.approx([85.0, 95.0])
    assert apart([1.0], [10.0], (0.0, 100.0)) == [5.0] and apart([], [], (0.0, 1.0)) == []
    assert apart([4.0, 5.0], [10.0, 10.0], (0.0, 12.0)) == pytest.approx([5.0, 15.0])  # no room: from the first limit


def test_the_page_stands_alone_in_light_and_dark(run):
    page = course_page(run)
    assert "prefers-color-scheme:dark" in page and 'content="light dark"' in page
    assert not re.search(r"(src|href)=\"http", page) and "not what happened to anybody" in page
    assert "stress_best = 0.4" in page


def test_one_dyad_alone_has_no_chance_to_compare_with():
    alone = simulate_course(Course(dyads=1, sessions=2, seconds=6.0, measured=False, dropout=0.0), 1)
    assert alone.sessions["excess"].isna().all() and alone.sessions["synchrony"].notna().all() and alone.probes.empty
    assert "pseudo-pairs" not in finding(alone) and "Severity" in draw_course(alone)
    assert "Not measured, or one dyad alone." in draw_course(alone)


def test_a_waiting_list_is_drawn_without_meetings():
    waiting = simulate_course(Course(therapy="wait_list", dyads=3, sessions=2, seconds=6.0), 1)
    assert "severity" in finding(waiting) and "synchrony" not in finding(waiting)
    assert draw_course(waiting).startswith("<svg")
