"""Sound files of every kind that is read, and the ways in which they are spoilt."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import planted
from fake_results import full

NUMBERS = (
    "0", "-1", "1e12", "999999999999", "1e400", "-1e308", "nan", "inf", "1e-320", "2147483648", "9" * 40, "9" * 5000,
    "1,5", "0x10", "1_000", "٣", "true", "", "'", '"', "[]", "{}",
)  # fmt: skip
"""What may stand where a number is expected."""
INTEGERS = (0, 1, -1, 0x7FFFFFFF, -0x80000000, 10**9, 0x7FFF, 0xFFFF)


@dataclass(frozen=True)
class Specimen:
    """Sound files, which of them are spoilt, and the kind of reading that they are given to."""

    kind: str
    files: dict[str, bytes]
    target: str = "."
    options: dict[str, object] = field(default_factory=dict)
    spoilt: tuple[str, ...] = ()
    weight: float = 1.0


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


STUDY = """
[study]
name = "small"
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{group}_{session}_{role}.csv"
format = "table"
modality = "motion"
options = { rate = 5.0, delimiter = "," }
offset_s = 0.5
[[segments]]
name = "rest"
start_s = 0.0
stop_s = 60.0
[regions]
head = ["motion"]
[groups."a"]
arm = "x"
therapist = "T1"
[[outcomes]]
file = "scores.csv"
group = "group"
instrument = "instrument"
session = "session"
score = "score"
[plan]
seed = 3
contrast = ["rest", "task"]
[[plan.analysis]]
name = "motion"
modality = "motion"
measure = "wlcc"
settings = { window_s = 20.0, step_s = 20.0, max_lag_s = 2.0 }
surrogates = ["circular_shift"]
n_surrogates = 19
"""
PLAN = (
    STUDY[STUDY.index("seed = 3") :].replace("plan.", "") + "[quality]\nmin_usable = 0.5\n[course]\nn_signflips = 99\n"
)
SIMULATION = "seed = 3\ndyads = 4\nsessions = 3\nstress = [0.1, 0.4, 0.1]\nshut = ['gaze']\ngaps = [[1, 7.0]]\n"


def _study(folder: Path) -> dict[str, bytes]:
    random = np.random.default_rng(1)
    for group in ("a", "b"):
        for session in (1, 2):
            for role in ("patient", "therapist"):
                rows = "\n".join(f"{x:.3f},{y:.3f}" for x, y in random.normal(size=(400, 2)))
                (folder / f"{group}_{session}_{role}.csv").write_text(f"motion,hand\n{rows}\n")
    rows = "".join(f"{g},phq_9,{s},{10 - s}\n" for g in "ab" for s in (1, 2))
    (folder / "scores.csv").write_text("group,instrument,session,score\n" + rows)
    (folder / "study.toml").write_text(STUDY)
    return _files(folder)


def _bids(root: Path) -> dict[str, bytes]:
    for sub in ("P", "T"):
        for session in ("01", "02"):
            folder = root / f"sub-{sub}" / f"ses-{session}" / "beh"
            folder.mkdir(parents=True)
            base = f"sub-{sub}_ses-{session}_task-x"
            (folder / f"{base}_recording-eda_physio.tsv").write_text("0.5\n0.25\n" * 100)
            said = {"SamplingFrequency": 5, "Columns": ["eda"], "MeetingOffset": 0.5, "Regions": {"eda": "hand"}}
            (folder / f"{base}_recording-eda_physio.json").write_text(json.dumps(said))
            rows = "onset\tduration\ttrial_type\n0.0\t10.0\trest\n10.0\t20.0\ttask\n"
            (folder / f"{base}_events.tsv").write_text(rows)
    (root / "participants.tsv").write_text("participant_id\tage\tsex\nsub-P\t30\tf\nsub-T\t50\tm\n")
    (root / "groups.tsv").write_text("group_id\tparticipant_id\trole\n1\tsub-P\tpatient\n1\tsub-T\ttherapist\n")
    rows = "".join(f"1\t{s}\t2026-01-0{s}\tT\t0{s}\t0{s}\n" for s in (1, 2))
    (root / "meetings.tsv").write_text("group_id\tsession\tdate\ttherapist\tses_patient\tses_therapist\n" + rows)
    about = {"Name": "x", "BIDSVersion": "1.9.0", "Interbrain": {"Roles": ["patient", "therapist"], "Description": {}}}
    (root / "dataset_description.json").write_text(json.dumps(about))
    (root / "phenotype").mkdir()
    rows = "participant_id\tgroup_id\tsession\twhen\tscore\nsub-P\t1\t1\tbefore\t12\nsub-P\t1\t2\tafter\t9\n"
    (root / "phenotype" / "phq_9.tsv").write_text(rows)
    (root / "phenotype" / "phq_9.json").write_text('{"Instrument": "phq_9"}')
    (root / "plan.toml").write_text(PLAN)
    (root / "sourcedata").mkdir()
    (root / "sourcedata" / "truth.json").write_text('{"simulated": true, "planted": []}')
    return _files(root)


def _nirx(data: Path | None) -> dict[str, bytes] | None:
    source = None if data is None else data / "fnirs-parent-child" / "child"
    if source is None or not source.is_dir():
        return None
    held = _files(source)
    return {
        name: b"".join(content.splitlines(keepends=True)[:200]) if name.endswith((".wl1", ".wl2")) else content
        for name, content in held.items()
        if not name.endswith(".avg")
    }


def specimens(data: Path | None) -> list[Specimen]:
    """One or more of every kind; NIRx folders only where the real recordings are at hand."""
    found = []
    scratch = Path(tempfile.mkdtemp(prefix="interbrain-specimens-"))
    try:
        for ending, write in planted.WRITERS.items():
            folder = scratch / ending
            folder.mkdir()
            write(folder / f"x.{ending}", 1, planted.RECORDED)
            kind = {"vhdr": "brainvision", "set": "eeglab", "txt": "table"}.get(ending, ending)
            options = {"time_column": 1} if ending == "txt" else {}
            found.append(Specimen(kind, _files(folder), f"x.{ending}", options))
        _epochs(scratch / "x-epo.fif")
        found.append(Specimen("fif", {"x-epo.fif": (scratch / "x-epo.fif").read_bytes()}, "x-epo.fif"))
        nirx = _nirx(data)
        if nirx is not None:
            found.append(Specimen("nirx", nirx))
        for kind, make, names, weight in (
            ("study", _study, ("study.toml", "scores.csv", "a_1_patient.csv"), 2.0),
            ("check", _study, ("study.toml", "scores.csv", "a_1_patient.csv"), 0.3),
            ("study", _bids, (), 2.0),
            ("report", full, (), 0.25),
        ):
            folder = scratch / f"{kind}-{make.__name__}"
            folder.mkdir()
            make(folder)
            found.append(Specimen(kind, _files(folder), ".", {}, names, weight))
        found.append(Specimen("plan", {"plan.toml": PLAN.encode()}, "plan.toml"))
        found.append(Specimen("simulation", {"sim.toml": SIMULATION.encode()}, "sim.toml", {}, (), 0.5))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return found


def _epochs(path: Path) -> None:
    from interbrain.data.signal import Channel, Signal
    from interbrain.formats import fif

    values = np.random.default_rng(1).normal(0, 1e-5, (4, 2, 100))
    channels = tuple(Channel(n, "eeg", "V") for n in planted.NAMES)
    fif.write(path, Signal(values, 100.0, channels, segment_ids=(0, 2, 3, 7), epoched=True))


def _truncated(content: bytes, random: np.random.Generator) -> bytes:
    return content[: int(len(content) * random.random() ** 2)]


def _flipped(content: bytes, random: np.random.Generator) -> bytes:
    """Half of the time where headers are, since most bytes of a file are samples."""
    out = np.frombuffer(content, dtype=np.uint8).copy()
    span = min(4096, len(out)) if random.random() < 0.5 else len(out)
    at = random.integers(0, span, size=int(random.integers(1, 9)))
    out[at] ^= random.integers(1, 256, size=len(at)).astype(np.uint8)
    return out.tobytes()


def _absurd_integer(content: bytes, random: np.random.Generator) -> bytes:
    """A count or a length in a binary header made huge, zero or negative, in either order of bytes."""
    width = int(random.choice([2, 4, 8]))
    order = "little" if random.random() < 0.5 else "big"
    value = int(random.choice(INTEGERS)) if width < 8 or random.random() < 0.5 else 10**12
    span = min(len(content), 4096) if random.random() < 0.7 else len(content)
    at = int(random.integers(0, max(1, span - width)))
    return content[:at] + (value % (1 << 8 * width)).to_bytes(width, order) + content[at + width :]


def _absurd_number(content: bytes, random: np.random.Generator) -> bytes:
    """A number written as text made absurd; in the width of a fixed field half of the time."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", content[:20_000]))
    if not found:
        return _absurd_integer(content, random)
    hit = found[int(random.integers(len(found)))]
    new = str(random.choice(NUMBERS)).encode()
    if random.random() < 0.5 and len(new) < 30:
        width = hit.end() - hit.start()
        new = new[:width].ljust(width)
    return content[: hit.start()] + new + content[hit.end() :]


def _moved(content: bytes, random: np.random.Generator) -> bytes:
    """A stretch cut out, doubled, put elsewhere or blanked."""
    a, b = sorted(int(x) for x in random.integers(0, len(content) + 1, size=2))
    b = min(b, a + 2000)
    piece, rest = content[a:b], content[:a] + content[b:]
    at = int(random.integers(0, len(rest) + 1))
    return [
        rest,
        content[:b] + piece + content[b:],
        rest[:at] + piece + rest[at:],
        content[:a] + bytes(b - a) + content[b:],
        content[:a] + b"\xff" * (b - a) + content[b:],
    ][int(random.integers(5))]


def _recoded(content: bytes, random: np.random.Generator) -> bytes:
    text = content.decode("latin-1")
    return [
        lambda: b"\xef\xbb\xbf" + content,
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content.replace(b"\n", b"\r"),
        lambda: text.encode("utf-16"),
        lambda: content.replace(b"e", "é".encode("latin-1"), 3),
        lambda: content.replace(b"e", b"\x00", 2),
        lambda: b"\x00" + content,
        lambda: content + b"\x00" * 64,
    ][int(random.integers(8))]()


def _lines(content: bytes, random: np.random.Generator) -> bytes:
    """Rows left out, doubled, shuffled, made long; cells lost."""
    rows = content.splitlines(keepends=True) or [b""]
    at = int(random.integers(len(rows)))
    other = int(random.integers(len(rows)))
    which = int(random.integers(7))
    if which == 0:
        rows[at] = b""
    elif which == 1:
        rows.insert(other, rows[at])
    elif which == 2:
        rows[at], rows[other] = rows[other], rows[at]
    elif which == 3:
        rows[at] = rows[at][: len(rows[at]) // 2] + b"\n"
    elif which == 4:
        rows[at] = b"x" * 1_000_000 + b"\n"
    elif which == 5:
        rows[at] = rows[at].replace(b"\t", b" ").replace(b",", b" ").replace(b"=", b" ")
    else:
        rows[at] = rows[at].rstrip(b"\n") + b'\t"\n'
    return b"".join(rows)


def _nested(content: bytes, random: np.random.Generator) -> bytes:
    """Brackets within brackets, as deep as a parser's patience."""
    depth = int(random.choice([50, 1_000, 30_000]))
    deep = [b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"a = " + b"[" * depth, b"a." * depth]
    new = deep[int(random.integers(4))]
    return new if random.random() < 0.3 else content + b"\nx = " + new


def _nothing(content: bytes, random: np.random.Generator) -> bytes:
    return [b"", b"\n", b" " * 100, b"\x00" * 100, bytes(random.integers(0, 256, 500, dtype=np.uint8))][
        int(random.integers(5))
    ]


BINARY: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    _truncated, _flipped, _flipped, _absurd_integer, _absurd_integer, _absurd_number, _moved, _recoded, _nothing,
)  # fmt: skip
TEXT = (_truncated, _flipped, _absurd_number, _absurd_number, _moved, _recoded, _lines, _lines, _nested, _nothing)


def mutant(known: list[Specimen], number: int, seed: int) -> tuple[Specimen, str, str, bytes]:
    """The specimen, the file in it, the name of what was done and the spoilt content: decided by number and seed."""
    random = np.random.default_rng([seed, number])
    weights = np.array([s.weight for s in known])
    one = known[int(random.choice(len(known), p=weights / weights.sum()))]
    names = [n for n in one.files if not one.spoilt or n in one.spoilt]
    name = names[int(random.integers(len(names)))]
    content = one.files[name]
    ways = BINARY if b"\x00" in content[:4096] else TEXT
    done = []
    for _ in range(1 if random.random() < 0.7 else 2):
        way = ways[int(random.integers(len(ways)))]
        content = way(content, random) if content else _nothing(content, random)
        done.append(way.__name__.strip("_").replace("_", " "))
    return one, name, " and ".join(done), content
