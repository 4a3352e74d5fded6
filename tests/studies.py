"""Studies over the real recordings, laid out beside the data and never inside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MOTION = """
[study]
name = "Motion in intake interviews"
roles = ["patient", "therapist"]
root = "{root}"

[[recordings]]
pattern = "{{arm}}/{{group}}_{{session}}.txt"
format = "table"
modality = "motion"
people = {{ patient = ["pat"], therapist = ["th"] }}
options = {{ rate = 25.0 }}
{plan}
"""

FNIRS = """
[study]
name = "Parent and child"
roles = ["parent", "child"]
root = "{root}"

[[recordings]]
pattern = "{{role}}"
format = "nirx"
modality = "fnirs"
group = "fcs01"
session = 1
{plan}
"""

EEG = """
[study]
name = "Two people, cleaned EEG"
roles = ["one", "two"]
root = "{root}"

[[recordings]]
pattern = "person-1-epo.fif"
format = "fif"
modality = "eeg"
group = "pair"
session = 1
role = "one"

[[recordings]]
pattern = "person-2-epo.fif"
format = "fif"
modality = "eeg"
group = "pair"
session = 1
role = "two"
{plan}
"""

NEGOTIATION = """
[study]
name = "Negotiations"
roles = ["one", "two"]
root = "{root}"

[[recordings]]
pattern = "MEA_video{{group}}.txt"
format = "table"
modality = "motion"
session = 1
people = {{ one = ["2"], two = ["1"] }}
options = {{ rate = 25.0, header = false, delimiter = " " }}
{plan}
"""

TINY = """
[study]
name = "tiny"
roles = ["patient", "therapist"]

[[recordings]]
pattern = "{group}_{session}.tsv"
format = "table"
modality = "motion"
people = { patient = ["pat"], therapist = ["th"] }
options = { rate = 5.0 }
"""
TINY_PLAN = """
seed = {seed}
[[analysis]]
name = "motion"
modality = "motion"
measure = "wlcc"
settings = {{ window_s = 20.0, step_s = 20.0, max_lag_s = 2.0 }}
surrogates = ["segment_shuffle"]
n_surrogates = {n}
"""


def lay_out(template: str, data: Path, folder: Path, plan: str = "") -> Path:
    """Write ``study.toml`` for recordings in ``data`` into ``folder``; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "study.toml"
    path.write_text(template.format(root=data.resolve().as_posix(), plan=plan), encoding="utf-8")
    return path


def lay_out_tiny(folder: Path) -> Path:
    """Three couples, two sessions of two minutes at 5 Hz."""
    random = np.random.default_rng(3)
    folder.mkdir()
    for group in ("01", "02", "03"):
        for session in (1, 2):
            series = [np.convolve(random.standard_normal(604), np.ones(5) / 5, "valid") for _ in range(2)]
            rows = "\n".join(f"{a:.6f}\t{b:.6f}" for a, b in zip(*series))
            (folder / f"{group}_{session}.tsv").write_text(f"pat\tth\n{rows}\n")
    (folder / "study.toml").write_text(TINY)
    return folder
