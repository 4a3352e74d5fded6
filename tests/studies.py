"""Studies over the real recordings, laid out beside the data and never inside it."""

from __future__ import annotations

from pathlib import Path

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


def lay_out(template: str, data: Path, folder: Path, plan: str = "") -> Path:
    """Write ``study.toml`` for recordings in ``data`` into ``folder``; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "study.toml"
    path.write_text(template.format(root=data.resolve().as_posix(), plan=plan), encoding="utf-8")
    return path
