"""Measures of a whole group through the main job: three members, one value."""

from types import SimpleNamespace

import numpy as np
import pytest

import interbrain
from interbrain.data.errors import BadInput
from interbrain.data.plan import Plan, plan_from
from interbrain.data.study import Meeting, Segment
from interbrain.study.partners import repairing_tasks

N, RATE = 1500, 10.0
STUDY = """
[study]
roles = ["therapist", "mother", "child"]
[[recordings]]
pattern = "{group}_{session}_{role}.txt"
format = "table"
modality = "motion"
options = { rate = 10.0 }
[plan]
seed = 5
[[plan.analysis]]
name = "order"
modality = "motion"
measure = "kuramoto"
bands = { slow = [0.3, 0.7] }
surrogates = ["circular_shift"]
n_surrogates = 39
window_s = 50.0
[[plan.analysis]]
name = "cluster"
modality = "motion"
measure = "clusterphase"
bands = { slow = [0.3, 0.7] }
surrogates = ["circular_shift"]
n_surrogates = 39
"""


def _rhythm(random):
    return 2 * np.pi * 0.5 * np.arange(N) / RATE + np.cumsum(0.25 * random.standard_normal(N))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Groups t… move together, the child a third of a cycle late; groups n… each by themselves; x lacks its child."""
    folder, random = tmp_path_factory.mktemp("whole"), np.random.default_rng(7)
    for group in ("t1", "t2", "t3", "n1", "n2", "n3", "x"):
        for session in (1, 2):
            common = _rhythm(random)
            for role, late in (("therapist", 0.0), ("mother", 0.0), ("child", 2 * np.pi / 3)):
                phase = common - late if group.startswith("t") else _rhythm(random)
                if not (group == "x" and role == "child"):
                    moved = 1 + np.cos(phase) + 0.3 * random.standard_normal(N)
                    shift = 20 if role == "mother" else 0  # the mother's file begins 2 s later and says so
                    np.savetxt(folder / f"{group}_{session}_{role}.txt", moved[shift:], header="m", comments="")
    text = STUDY.replace("{role}.txt", "child.txt").replace("rate = 10.0 }", 'rate = 10.0 }\nrole = "child"')
    head, _, rest = text.partition("[[recordings]]")
    block = "[[recordings]]" + rest.partition("[plan]")[0]
    more = block.replace("child", "therapist") + block.replace("child", "mother") + "offset_s = 2.0\n"
    (folder / "study.toml").write_text(head + block + more + "[plan]" + rest.partition("[plan]")[2])
    return interbrain.run(folder, folder / "derivatives")


def test_one_row_a_meeting_with_the_place_of_everybody(outcome):
    rows = outcome.tables["synchrony"]
    assert len(rows) == 2 * 2 * 6
    assert set(rows["place_b"]) == {"all members"} and set(rows["place_a"]) == {"m"}
    assert set(rows["role_a"]) == {"all members"}
    assert outcome.tables["pairings"].empty
    np.testing.assert_allclose(rows["duration_s"], 148.0)


def test_groups_that_move_together_exceed_chance_and_others_do_not(outcome):
    z = outcome.tables["nulls"].pivot_table(index="group", columns="analysis", values="z")
    assert (z.loc["t1":"t3", "cluster"] > 5).all()
    assert (z.loc["t1":"t3", "order"] < 4).all()  # it takes the child's constant lag for disorder
    assert (z.loc["n1":"n3"] < 2).all(axis=None)
    value = outcome.tables["synchrony"].pivot_table(index="group", columns="analysis", values="value")
    together = np.abs(np.exp(1j * np.array([0, 0, 2 * np.pi / 3])).mean())
    np.testing.assert_allclose(value.loc["t1":"t3", "order"], together, atol=0.06)
    assert (value.loc["t1":"t3", "cluster"] > 0.9).all()
    tests = outcome.tables["tests"].set_index(["analysis", "test"])
    assert tests.loc[("cluster", "within"), "p"] == pytest.approx(1 / 40)
    assert tests.loc[("cluster", "within"), ["n_groups", "n_meetings"]].tolist() == [6, 12]
    assert len(outcome.tables["windows"]) == 12 * 2 and set(outcome.tables["course"]["place_b"]) == {"all members"}


def test_a_group_without_three_recordings_is_told_and_the_page_says_everybody(outcome):
    told = [p for p in outcome.problems if p.what == "the group has 2 members"]
    assert {p.where for p in told} == {f"group x, session {s}, motion, all members" for s in (1, 2)}
    page = outcome.report.read_text(encoding="utf-8")
    assert "Kuramoto order parameter" in page and "m of all members" in page and "child all members" not in page


def test_halves_of_whole_groups_are_measured(outcome):
    """Groups that move together do so in both halves; the halves of the others lie as far apart as chance puts them."""
    halves = outcome.tables["halves"].query("analysis == 'cluster'").set_index("group")
    assert len(halves) == 12 and halves["reason"].str.startswith("a quarter of the recording lasts 37 s").all()
    together, alone = halves.loc["t1":"t3", ["early", "late"]], halves.loc["n1":"n3", ["early", "late"]]
    assert (together > 1.5).all(axis=None) and (alone.abs() < 0.3).all(axis=None)
    whole = outcome.tables["nulls"].query("analysis == 'cluster'").set_index("group")["excess"]
    assert together.mean(axis=None) == pytest.approx(whole["t1":"t3"].mean(), abs=0.1)
    apart = (halves["early_late_null_sd"] / halves["null_sd"]).median()
    assert apart == pytest.approx(2.0, rel=0.3)  # each half has twice the variance of the whole, two of them four times
    known = outcome.tables["reliability"].query("analysis == 'cluster' and part == 'all' and halves == 'early_late'")
    assert known["reliability"].item() > 0.95


def test_what_whole_groups_lack_is_told(outcome):
    told = [p for p in outcome.problems if p.what == "members were not re-assembled from different groups"]
    assert {p.where for p in told} == {"order, all members", "cluster, all members"}
    assert not any(p.costs_data for p in told)
    page = outcome.report.read_text(encoding="utf-8")
    assert "members of different groups were not put together" in page


def test_pairs_of_other_roles_are_told_where_partners_are_re_paired(tmp_path):
    random = np.random.default_rng(3)
    for group in "ab":
        for role in ("therapist", "mother", "child"):
            moved = np.convolve(random.standard_normal(1204), np.ones(5) / 5, "valid")
            np.savetxt(tmp_path / f"{group}_{role}.txt", moved, header="m", comments="")
    head, _, rest = STUDY.partition("[[recordings]]")
    text = head
    for role in ("therapist", "mother", "child"):
        block = rest.partition("[plan]")[0].replace("{group}_{session}_{role}", "{group}_" + role)
        text += f'[[recordings]]{block}role = "{role}"\nsession = 1\n'
    text += '[plan]\n[[plan.analysis]]\nname = "pairs"\nmodality = "motion"\nmeasure = "corr"\n'
    (tmp_path / "study.toml").write_text(text + 'surrogates = ["circular_shift"]\nn_surrogates = 19\n')
    outcome = interbrain.run(tmp_path, tmp_path / "derivatives")
    told = {p.where for p in outcome.problems if p.what == "these two were not re-paired"}
    assert told == {"pairs, therapist and child", "pairs, mother and child"}
    assert len(outcome.tables["pairings"]) == 4


def test_between_which_roles_partners_are_re_paired(tmp_path):
    """Those of a segment where all have the same two; else the study's first two; never two people of one role."""

    def pair(group, roles, *segments):
        meeting = Meeting(group, 1, (), tuple(Segment(s) for s in segments))
        a, b = (SimpleNamespace(member=SimpleNamespace(role=role)) for role in roles)
        return SimpleNamespace(meeting=meeting, side_a=a, side_b=b, modalities=plan.analysis[0].modalities)

    plan = Plan.model_validate({"analysis": [{"name": "m", "modality": "motion", "measure": "corr"}]})
    kinds = {"m": ("child", "mother"), "f": ("child", "father"), "t": ("child", "teacher"), "c": ("child", "child")}
    parts = {"m": ("home", "walk"), "f": ("home",), "t": ("school",), "c": ("play",)}
    pairs = [pair(f"{name}{i}", roles, *parts[name]) for name, roles in kinds.items() for i in (1, 2)]
    study = SimpleNamespace(roles=("child", "mother", "father", "teacher"))
    tasks, problems = repairing_tasks(study, plan, pairs, frozenset(), tmp_path, False)
    who = {task.segment: {p.meeting.group for p, _ in task.members} for task in tasks}
    assert who == {"home": {"m1", "m2"}, "walk": {"m1", "m2"}, "school": {"t1", "t2"}}
    told = {p.where.partition(", ")[2]: p.why for p in problems}
    assert set(told) == {"child and father", "child and child"} and not any(p.costs_data for p in problems)
    assert "only child and mother are" in told["child and father"]
    assert "both are called child" in told["child and child"]


def test_null_moves_each_member_by_itself(outcome):
    """The null's mean of independent members is that of three random phases, not of a pair kept together."""
    nulls = outcome.tables["nulls"].query("analysis == 'order'").set_index("group")
    assert nulls.loc["t1":"t3", "null_mean"].mean() == pytest.approx(np.sqrt(np.pi / 12), abs=0.05)


def test_what_is_for_pairs_is_refused():
    base = {"name": "x", "modality": "motion", "measure": "kuramoto", "bands": {"slow": [0.3, 0.7]}}
    for more in ({"modality_b": "heart"}, {"partial": ["heart"], "partial_from": "both"}, {"carry": ["heart"]}):
        with pytest.raises(BadInput, match="whole group"):
            plan_from({"analysis": [{**base, **more}]})


def test_confounds_are_taken_out_of_every_member(tmp_path):
    """Everybody breathes with the room's fan; what a group shares beside it survives, what it shares by it does not."""
    random = np.random.default_rng(11)
    for group in ("s1", "s2", "n1", "n2"):
        fan, common = _rhythm(random), _rhythm(random)
        for role in ("therapist", "mother", "child"):
            own = common if group.startswith("s") else _rhythm(random)
            breath = np.cos(fan) + 0.2 * random.standard_normal(N)
            moved = np.cos(own) + 1.5 * breath + 0.2 * random.standard_normal(N)
            np.savetxt(tmp_path / f"{group}_{role}.txt", np.stack([moved, breath], 1), header="m resp", comments="")
    head, _, rest = STUDY.partition("[[recordings]]")
    text = head
    for role in ("therapist", "mother", "child"):
        block = rest.partition("[plan]")[0].replace("{group}_{session}_{role}", "{group}_" + role)
        text += f'[[recordings]]{block}role = "{role}"\nsession = 1\n'.replace("10.0 }", '10.0, delimiter = " " }')
    analysis = "[[plan.analysis]]" + rest.rpartition("[[plan.analysis]]")[2]
    (tmp_path / "study.toml").write_text(text + "[plan]\n" + analysis + 'partial = ["resp"]\n')
    outcome = interbrain.run(tmp_path, tmp_path / "derivatives")
    assert set(outcome.tables["synchrony"]["place_a"]) == {"m"}
    rows = outcome.tables["confounds"].set_index("group")
    assert len(rows) == 4 and rows["removed_a"].between(0.5, 0.85).all() and rows["removed_b"].isna().all()
    assert (rows["z_before"] > 4).all()
    assert (rows.loc[["s1", "s2"], "z_after"] > 4).all() and (rows.loc[["n1", "n2"], "z_after"] < 2.5).all()
    value = outcome.tables["synchrony"].set_index("group")["value"]
    np.testing.assert_allclose(rows["value_after"], value[rows.index])
    assert "with resp taken out" in outcome.report.read_text(encoding="utf-8")
