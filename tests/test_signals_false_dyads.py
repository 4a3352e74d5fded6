"""Recordings that are one, pieces of one, or marked by one machine, beside strangers and synchrony."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import interbrain
from calibrate import false_dyads as table
from calibrate._recordings import CHANGES, WORLDS, cut, pair_of_caps, real_motion, signal_of
from interbrain.signals import copies
from interbrain.signals.bodies import find_bodies, rhythms
from interbrain.signals.copies import find_copies
from interbrain.signals.marks import marks, shared
from interbrain.signals.seams import ends, find_seams
from interbrain.signals.sketch import sketch
from interbrain.signals.traits import packed, traits, unpacked


def strangers(world: str, n: int = 5, seconds: float = 300.0) -> dict:
    return {f"r{k}": WORLDS[world](np.random.default_rng([5, k]), seconds) for k in range(n)}


def copies_of(**recordings) -> dict:
    return {(c.id_a, c.id_b): c for c in find_copies({k: sketch(s) for k, s in recordings.items()})}


@pytest.mark.parametrize("change", [c for c in CHANGES if c not in ("rounded to SD/10", "noise, 0 dB", "noise, -6 dB")])
@pytest.mark.parametrize("world", ["red", "light"])
def test_a_changed_copy_is_found_and_nothing_else(world: str, change: str) -> None:
    made = strangers(world)
    copy = CHANGES[change](made["r1"], np.random.default_rng(1))
    found = copies_of(**made, copy=copy)
    assert set(found) == {("r1", "copy")}
    one = found["r1", "copy"]
    assert abs(one.offset_s) < 0.3 and one.share > 0.7


def test_a_stretch_is_found_at_its_place_under_noise_and_another_rate() -> None:
    made = strangers("red", 4)
    x = made["r3"].values[0].copy()
    x[:, 1000:4000] = made["r0"].values[0][:, 3000:6000]
    part = CHANGES["resampled 4/5"](CHANGES["noise, 20 dB"](signal_of(x, 25.0), np.random.default_rng(0)), None)
    (key, found), *rest = copies_of(r0=made["r0"], r1=made["r1"], part=part).items()
    assert key == ("r0", "part") and not rest
    assert found.offset_s == pytest.approx(-80.0, abs=0.2)
    assert found.start_s == pytest.approx(120.0, abs=12) and found.seconds == pytest.approx(120.0, abs=20)


def test_hits_gathered_for_few_recordings_at_a_time_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of memory changes nothing: three copies among eight, some hundred hits at once or all."""
    made = list(strangers("red", 5, 600.0).values())
    sketches = {f"{k}": sketch(x) for k, x in enumerate([*made, *made[:3]])}
    whole = find_copies(sketches)
    monkeypatch.setattr(copies, "MOST_HITS", 300)
    assert {(c.id_a, c.id_b) for c in whole} == {("0", "5"), ("1", "6"), ("2", "7")}
    assert find_copies(sketches) == whole


def test_one_input_to_two_people_is_never_one_signal_but_a_copy_is() -> None:
    row = table.common_input(0.8, 4, 1)
    assert row["refused"] == 0
    one = strangers("red", 1)["r0"]
    (found,) = copies_of(a=one, b=CHANGES["rescaled"](one, np.random.default_rng(0))).values()
    assert found.one_signal and found.correlation > 0.99
    late = cut(one, 20, one.n_times)
    (found,) = copies_of(a=one, b=late).values()
    assert not found.one_signal and found.offset_s == pytest.approx(-0.8, abs=0.05)


def test_pieces_join_where_they_were_cut_and_nowhere_else() -> None:
    made = strangers("light", 6)
    n = made["r0"].n_times // 2
    pieces = {}
    for k, s in made.items():
        pieces |= {f"{k}-1": ends(cut(s, 0, n)), f"{k}-2": ends(cut(s, n, s.n_times))}
    found = find_seams(pieces)
    assert {(f.id_a, f.id_b) for f in found} == {(f"{k}-1", f"{k}-2") for k in made}
    assert find_seams({k: e for k, e in pieces.items() if k.endswith("1")}) == []
    assert find_seams({"a": pieces["r0-1"], "b": pieces["r1-2"]}) == []


@pytest.mark.parametrize("scale", [1e-160, 1e-150, 1e-12, 1e12, 1e99])
def test_a_recording_of_another_scale_stops_nothing_and_joins_no_strangers(scale: float) -> None:
    made = strangers("light", 6)
    n = made["r0"].n_times // 2
    pieces = {f"{k}-1": ends(cut(s, 0, n)) for k, s in made.items()}
    pieces |= {f"{k}-2": ends(cut(s, n, s.n_times)) for k, s in made.items() if k != "r5"}
    pieces["r5-1"] = ends(made["r5"].with_values(made["r5"].values * scale))
    left_out: list[str] = []
    found = find_seams(pieces, left_out=left_out)
    assert {(f.id_a, f.id_b) for f in found} <= {(f"{k}-1", f"{k}-2") for k in made} and not left_out


def test_an_end_that_cannot_be_reckoned_with_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    made = strangers("light", 6)
    n = made["r0"].n_times // 2
    pieces = {f"{k}-{h + 1}": ends(cut(s, h * n, h * n + n)) for k, s in made.items() for h in (0, 1)}
    for broken in (np.inf, np.nan):
        left_out: list[str] = []
        bad = replace(pieces["r0-1"], autocovariance=np.full_like(pieces["r0-1"].autocovariance, broken))
        found = find_seams({**pieces, "r0-1": bad}, left_out=left_out)
        assert {(f.id_a, f.id_b) for f in found} == {(f"r{k}-1", f"r{k}-2") for k in range(1, 6)}
        assert left_out == ["r0-1"]
    solve = np.linalg.solve

    def fails_for_one(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if np.isclose(np.diff(a[0])[0], np.diff(pieces["r1-1"].autocovariance[0])[0], rtol=1e-4):
            raise np.linalg.LinAlgError("Singular matrix")
        return solve(a, b)

    monkeypatch.setattr(np.linalg, "solve", fails_for_one)
    left_out = []
    found = find_seams(pieces, left_out=left_out)
    assert "r1-1" in left_out and {(f"r{k}-1", f"r{k}-2") for k in (0, 2, 3, 4, 5)} >= {(f.id_a, f.id_b) for f in found}


def test_one_heart_in_two_caps_is_found_and_coupled_caps_have_two() -> None:
    one, other = pair_of_caps(np.random.default_rng(3), 300.0, 0.95)
    halves = {"a": rhythms(one.pick(list(range(8)))), "b": rhythms(one.pick(list(range(8, 16))))}
    heart = next(f for f in find_bodies(halves) if f.rhythm == "heart")
    assert heart.locking > 0.95 and 0.9 < heart.hz < 1.4
    assert find_bodies({"a": rhythms(one), "b": rhythms(other)}) == []


def test_a_metronome_is_not_a_heart() -> None:
    time = np.arange(3000) / 10
    random = np.random.default_rng(0)
    sides = [signal_of((np.sin(2 * np.pi * 1.2 * time) + 0.2 * random.standard_normal(3000))[None], 10.0) for _ in "ab"]
    found = {k: rhythms(s) for k, s in zip("ab", sides)}
    assert found["a"]["heart"].steady > 0.95
    assert find_bodies(found) == []
    assert [(s.kind, round(s.at[0], 2)) for s in shared(*(marks(s) for s in sides))] == [("lines", 1.2)]


@pytest.mark.parametrize("kind", ["steps", "dropouts"])
def test_marks_at_the_same_sample_are_told_with_their_times_and_late_ones_are_not(kind: str) -> None:
    at = 300 + np.cumsum(np.random.default_rng(4).integers(300, 1800, 13))
    sides = [s.values[0, :1].copy() for s in strangers("red", 2, 600).values()]
    for x in sides:
        table._mark(x, kind, at, 15, 0, 0)
    one, other = (marks(signal_of(x, 25.0)) for x in sides)
    (found,) = shared(one, other)
    assert found.kind == kind and found.count >= len(at) - 2
    assert set(np.round(found.at, 2)) <= set(np.round(at / 25, 2))
    assert shared(one, other, later=4) == []
    moved = marks(signal_of(sides[1][:, 25:], 25.0))
    assert [s.count for s in shared(one, moved, later=25)] == [found.count]
    assert shared(one, moved) == []


def test_traits_survive_the_disk() -> None:
    made = traits(strangers("light", 1)["r0"], "fnirs")
    again = unpacked(*packed(made))
    assert again.rhythms["heart"].hz == made.rhythms["heart"].hz
    for part in ("print", "sketch", "ends", "marks"):
        for name, value in vars(getattr(made, part)).items():
            np.testing.assert_array_equal(getattr(getattr(again, part), name), value)


def test_quick_form_of_the_table(tmp_path: Path) -> None:
    for world in ("white", "red", "walk", "light"):
        row = table.strangers(world, 1, 200.0, 3)
        assert {k: row[k] for k in ("twins", "copies", "seams", "heart", "marks")} == dict.fromkeys(
            ("twins", "copies", "seams", "heart", "marks"), 0
        )
    assert table.synchrony(0.95, 3, 3) == {"n": 3, "refused": 0, "told": 0, "heart": 0, "steps": 0, "lines": 0}


def test_real_dyads_are_no_false_dyads_and_the_camera_is_told(data_dir: Path) -> None:
    real = real_motion(data_dir)
    pairs = {k: (s.pick([0]), s.pick([1])) for k, s in list(real.items())[:8] + list(real.items())[-4:]}
    row = table.told(list(pairs.values()), 0.0)
    assert row["refused"] == row["told"] == 0
    # MEA_video16 has a key frame every 20 s: its steps stand at multiples of it in both people
    (found,) = (s for s in shared(*(marks(s, 0.0) for s in pairs["MEA_video16"])) if s.kind == "steps")
    assert found.count >= 8 and found.count > 5 * found.expected
    tapped = table.real_people("tapping") if (data_dir / "tapping").is_dir() else {}
    assert tapped["refused"] == tapped["told"] == tapped["steps"] == 0


STUDY = """
[study]
roles = ["one", "two"]
[[recordings]]
pattern = "{group}_{session}.txt"
format = "table"
modality = "motion"
people = { one = ["1"], two = ["2"] }
options = { rate = 10.0 }
[plan]
seed = 3
[plan.course]
enabled = false
[[plan.analysis]]
name = "m"
modality = "motion"
measure = "wlcc"
settings = { window_s = 10.0, step_s = 10.0, max_lag_s = 1.0 }
surrogates = ["circular_shift"]
n_surrogates = 19
"""


def test_a_changed_copy_stays_out_of_re_pairing_and_a_person_with_themselves_is_not_measured(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    couples = {
        g: np.cumsum(random.standard_normal((2, 3000)), axis=1) * 0.1 + random.standard_normal((2, 3000))
        for g in "abcd"
    }
    couples["e"] = 2 * couples["a"] + 0.1 * random.standard_normal((2, 3000))
    couples["f"] = random.standard_normal((2, 3000))
    couples["f"][1] = 3 * couples["f"][0] + 0.05 * random.standard_normal(3000)
    for group, x in couples.items():
        np.savetxt(tmp_path / f"{group}_1.txt", x.T)
    (tmp_path / "study.toml").write_text(STUDY)
    tables = interbrain.run(tmp_path, tmp_path / "derivatives").tables
    assert set(tables["pairings"]["group_a"]) == set("abcd")
    assert set(tables["synchrony"]["group"]) == set("abcde")
    told = tables["problems"]
    assert told["what"].str.contains("group e.*seems to be one recording", regex=True).any()
    assert told["done"].eq("the meeting was not measured").sum() == 1
