"""Names, tables and sidecars of a BIDS folder: the parts that reading and writing share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.errors import BadInput, shorten
from interbrain.data.files import write_file, write_text
from interbrain.formats._inside import check_inside

OURS = "Interbrain"
"""Key of ``dataset_description.json`` under which roles and description are kept."""
OWN_ID = "interbrain_id"
"""Column of ``participants.tsv`` with a person's id where BIDS allows no such label."""
OFFSET = "MeetingOffset"
"""Key of a recording's sidecar: seconds from the meeting's zero to its first sample."""
MODALITIES = ("motion", "eda", "heart", "voice", "misc")

EXAMPLES = {
    "groups.tsv": "group_id\tparticipant_id\trole\n  01\tsub-P01\tpatient\n  01\tsub-T1\ttherapist",
    "meetings.tsv": (
        "group_id\tsession\tdate\ttherapist\tarm\tcondition\tses_patient\tses_therapist\n"
        "  01\t1\tn/a\tT1\tn/a\tn/a\t01\t01s01"
    ),
}
"""What a table that BIDS lacks looks like."""


def label(text: str) -> str:
    """Letters and digits only, as a BIDS label must be."""
    return re.sub(r"[^A-Za-z0-9]", "", text.encode("ascii", "ignore").decode())


def unique_labels(texts: Iterable[str]) -> dict[str, str]:
    """A label for each text; those that would fall together (also where case does not count) get a number."""
    taken: set[str] = set()
    labels: dict[str, str] = {}
    for text in texts:
        base = label(text) or "x"
        candidate, number = base, 2
        while candidate.lower() in taken:
            candidate, number = f"{base}x{number}", number + 1
        taken.add(candidate.lower())
        labels[text] = candidate
    return labels


def entities(path: Path) -> dict[str, str]:
    """``{"sub": "01", "task": "rest", "suffix": "nirs"}`` of ``sub-01_task-rest_nirs.snirf``."""
    *pairs, suffix = path.name.split(".", 1)[0].split("_")
    found = dict(p.split("-", 1) for p in pairs if "-" in p)
    return {**found, "suffix": suffix}


def read_tsv(path: Path, root: Path, needed: tuple[str, ...] = ()) -> pd.DataFrame:
    """A table of the study in ``root`` as text; ``n/a`` is empty.

    Raises
    ------
    BadInput
        It cannot be read, is no table, lacks a column, or leads out of the study.
    """
    check_inside(path, root)
    example = EXAMPLES.get(path.name)
    shown = f", e.g.\n  {example}" if example else ""
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig").fillna("")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}); a table is needed{shown}") from error
    except ValueError as error:
        what = " ".join(str(error).split())[:200]
        raise BadInput(f"{path}: is not a table ({what}); allowed are columns separated by tabs{shown}") from error
    missing = [c for c in needed if c not in table.columns]
    if missing:
        there = shorten(", ".join(map(str, table.columns)))
        raise BadInput(f"{path}: lacks the column {missing[0]!r}; there are: {there}; add it{shown}")
    return table.replace("n/a", "")


def write_tsv(path: Path, table: pd.DataFrame) -> None:
    """Tabs, ``\\n``, ``n/a`` where empty; floats keep every digit."""
    told = table.replace("", "n/a")
    write_file(path, lambda file: told.to_csv(file, sep="\t", index=False, na_rep="n/a", lineterminator="\n"))


def read_json(path: Path, root: Path) -> dict[str, Any]:
    """A sidecar of the study in ``root``; an absent one says nothing.

    Raises
    ------
    BadInput
        It is there and no JSON object, or leads out of the study.
    """
    check_inside(path, root)
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except RecursionError as error:
        raise BadInput(f"{path}: nests too deeply; allowed is a JSON object; correct or remove it.") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: is not JSON ({error}); allowed is a JSON object; correct or remove it.") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path}: holds a {type(content).__name__}; allowed is a JSON object; correct or remove it.")
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def sidecar(path: Path, root: Path) -> dict[str, Any]:
    """What the sidecars say of a file: those further up hold for all files whose entities they share (inheritance)."""
    own = entities(path)
    said: dict[str, Any] = {}
    folders = [root, *reversed([p for p in path.parents if root in p.parents])]
    for folder in folders:
        for file in sorted(folder.glob(f"*{own['suffix']}.json"), key=lambda p: len(p.name)):
            if entities(file).items() <= own.items():
                said.update(read_json(file, root))
    return said


def beside(path: Path, suffix: str) -> Path:
    """``sub-01_task-x_events.tsv`` for ``sub-01_task-x_nirs.snirf`` (and its ``recording-`` entity left out)."""
    stem = path.name.split(".", 1)[0].rsplit("_", 1)[0]
    return path.with_name(f"{re.sub('_recording-[A-Za-z0-9]+', '', stem)}_{suffix}.tsv")
