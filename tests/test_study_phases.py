"""Shares in phase, lagged and in antiphase: from recordings with planted phases to the table and the page."""

import numpy as np
import pytest

import interbrain
from interbrain.data.tables import PHASE_SHARES

RATE, N, PERIOD_S = 5.0, 1500, 10.0
STUDY = """
[study]
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{group}_{session}.tsv"
format = "table"
modality = "eda"
people = { patient = ["pat"], therapist = ["th"] }
options = { rate = 5.0 }
[plan]
seed = 2
[[plan.analysis]]
name = "coherence"
modality = "eda"
measure = "MEASURE"
bands = { ten = [0.08, 0.125], fast = [0.4, 0.6] }
surrogates = ["circular_shift"]
n_surrogates = 39
"""
MOVED = """[[recordings]]
pattern = "moved/{group}_{session}.tsv"
format = "table"
modality = "motion"
people = { patient = ["pat"], therapist = ["th"] }
options = { rate = 5.0 }
"""


def recorded(folder, quarters: float | None, measure: str = "wtc"):
    """Three couples, two sessions; a rhythm of 10 s in both, the therapist ``quarters`` of a period behind."""
    random = np.random.default_rng(5)
    folder.mkdir()
    time = np.arange(N) / RATE
    for group in ("01", "02", "03"):
        for session in (1, 2):
            phase = 2 * np.pi * time / PERIOD_S + np.cumsum(0.2 * random.standard_normal(N))
            own = 2 * np.pi * time / PERIOD_S + np.cumsum(0.2 * random.standard_normal(N))
            late = own if quarters is None else phase - quarters * np.pi / 2
            both = [3 + np.cos(p) + 0.4 * random.standard_normal(N) for p in (phase, late)]
            rows = "\n".join(f"{a:.6f}\t{b:.6f}" for a, b in zip(*both))
            (folder / f"{group}_{session}.tsv").write_text(f"pat\tth\n{rows}\n")
    text = STUDY.replace("MEASURE", measure)
    if measure == "pwtc":
        (folder / "moved").mkdir()
        for path in folder.glob("*.tsv"):
            np.savetxt(folder / "moved" / path.name, random.standard_normal((N, 2)), header="pat\tth", comments="")
        text = text.replace("[plan]", MOVED + "[plan]") + 'partial = ["movement"]\n'
    (folder / "study.toml").write_text(text)
    return interbrain.run(folder, folder / "derivatives")


@pytest.mark.parametrize(
    ("quarters", "share", "said", "measure"),
    [
        (0, "in_phase", "in phase", "wtc"),
        (1, "a_leads", "with the patient ahead", "wtc"),
        (2, "anti_phase", "in antiphase", "pwtc"),
        (3, "b_leads", "with the therapist ahead", "wtc"),
    ],
)
def test_a_planted_phase_is_in_the_table_and_on_the_page(tmp_path, quarters, share, said, measure):
    outcome = recorded(tmp_path / "study", quarters, measure)
    rows = outcome.tables["phases"]
    assert len(rows) == 12 and list(rows["band"].unique()) == ["ten", "fast"]
    np.testing.assert_allclose(rows[list(PHASE_SHARES)].sum(axis=1), 1, atol=1e-9)
    planted = rows[rows["band"] == "ten"]
    assert (planted[share] > 0.85).all()
    page = outcome.report.read_text(encoding="utf-8")
    percent = f"{100 * planted[share].mean():.0f} % {said}"
    assert percent in page and "means over six meetings" in page
    assert (outcome.folder / "phases.tsv").read_text(encoding="utf-8").count("\n") == 13


def test_without_coupling_no_phase_is_read(tmp_path):
    outcome = recorded(tmp_path / "study", None)
    np.testing.assert_allclose(outcome.tables["phases"][list(PHASE_SHARES)].mean(), 0.25, atol=0.1)
    page = outcome.report.read_text(encoding="utf-8")
    assert "No place exceeds chance: two unrelated signals" in page and "% in phase" not in page
