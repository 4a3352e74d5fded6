"""Writing a study as BIDS: fNIRS as SNIRF, EEG as FIF, everything else as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from interbrain import __version__
from interbrain.data.errors import BadInput
from interbrain.data.files import make_folder, write_text
from interbrain.data.signal import Signal
from interbrain.data.study import Loaded, Meeting, Recording, Segment, Study
from interbrain.formats import fif, snirf, table
from interbrain.formats._bids_files import (
    OFFSET,
    OURS,
    OWN_ID,
    entities,
    label,
    read_json,
    unique_labels,
    write_json,
    write_tsv,
)

BIDS_VERSION = "1.10.0"
OPTICAL = {"intensity", "od", "hbo", "hbr"}
ELECTRIC = {"eeg", "eog", "ecg", "emg"}
CHANNEL_TYPES = {"intensity": "NIRSCWAMPLITUDE", "od": "NIRSCWOPTICALDENSITY", "hbo": "NIRSCWHBO", "hbr": "NIRSCWHBR"}


def write(
    study: Study,
    load: Callable[[Meeting, Recording], Loaded],
    root: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write tables and recordings; ``load`` gives each recording when it is needed, ``progress(done, total)`` follows.

    Raises
    ------
    BadInput
        The folder holds a dataset of another origin, a recording is of nobody in its group, or cannot be written.
    """
    root = Path(root)
    before = read_json(root / "dataset_description.json", root)
    if before and OURS not in before:
        raise BadInput(f"{root}: holds another dataset ({before.get('Name')!r}); allowed is a new folder; name one.")
    make_folder(root)
    people = _people(study)
    sessions = _session_labels(study)
    _write_description(root, study)
    _write_tables(root, study, people, sessions)
    _write_outcomes(root, study, people)
    if study.plan is not None:
        write_text(root / "plan.toml", tomli_w.dumps(study.plan))
    if study.truth is not None:
        write_json(root / "sourcedata" / "truth.json", study.truth)
    total = sum(len(m.recordings) for m in study.meetings)
    done = 0
    for meeting in study.meetings:
        runs: Counter[tuple[str, str]] = Counter()
        for recording in meeting.recordings:
            ses = sessions[meeting.key, recording.role]
            runs[recording.person, recording.modality] += 1
            run = runs[recording.person, recording.modality]
            stem = f"sub-{people[recording.person]}_ses-{ses}_task-{label(meeting.condition) or 'meeting'}"
            stem += f"_run-{run}" if run > 1 else ""
            folder = root / f"sub-{people[recording.person]}" / f"ses-{ses}"
            _write_recording(folder, stem, study, meeting, recording, load(meeting, recording))
            done += 1
            if progress is not None:
                progress(done, total)
    return root


def _people(study: Study) -> dict[str, str]:
    """Every person's BIDS label."""
    listed = [str(p) for p in study.persons["participant_id"]]
    members = [m.person for g in study.groups for m in g.members]
    people = unique_labels(dict.fromkeys([*listed, *members]))
    for meeting in study.meetings:
        for recording in meeting.recordings:
            if (recording.person, recording.role) not in {
                (m.person, m.role) for m in study.group(meeting.group).members
            }:
                who = f"{recording.person!r} as {recording.role}"
                raise BadInput(
                    f"Meeting {meeting.key} has a recording of {who}, who is not in that group; add them to it."
                )
    return people


def _session_labels(study: Study) -> dict[tuple[str, str], str]:
    """The ``ses-`` label of each meeting on the side of each role.

    Somebody of one group has the session's number; a therapist who sees many patients has group and session.
    """
    homes: Counter[str] = Counter(p for g in study.groups for p in {m.person for m in g.members})
    groups = unique_labels(g.id for g in study.groups)
    labels: dict[tuple[str, str], str] = {}
    taken: set[tuple[str, str]] = set()
    for meeting in study.meetings:
        for role in dict.fromkeys(r.role for r in meeting.recordings):
            people = [r.person for r in meeting.recordings if r.role == role]
            number = f"{meeting.session:02d}" + label(meeting.condition)
            base = number if all(homes[p] == 1 for p in people) else f"{groups[meeting.group]}s{number}"
            candidate, again = base, 2
            while any((p, candidate.lower()) in taken for p in people):
                candidate, again = f"{base}x{again}", again + 1
            taken |= {(p, candidate.lower()) for p in people}
            labels[meeting.key, role] = candidate
    return labels


def _write_description(root: Path, study: Study) -> None:
    made = {"Name": "interbrain", "Version": __version__}
    if study.description.get("simulated"):
        made["Description"] = "Simulated: nobody was recorded"
    content = {
        "Name": study.name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [made],
        OURS: {"Roles": list(study.roles), "Description": study.description},
    }
    write_json(root / "dataset_description.json", content)
    about = "\n".join(f"{key}: {value}" for key, value in study.description.items())
    write_text(root / "README", f"{study.name}\n\n{about}\n")


def _write_tables(root: Path, study: Study, people: dict[str, str], sessions: dict[tuple[str, str], str]) -> None:
    persons = study.persons.copy()
    own = [str(p) for p in persons["participant_id"]]
    persons["participant_id"] = [f"sub-{people[p]}" for p in own]
    if any(people[p] != p for p in own):
        persons[OWN_ID] = own
    write_tsv(root / "participants.tsv", persons)
    write_json(root / "participants.json", {c: {"Description": _COLUMNS.get(c, c)} for c in persons.columns[1:]})
    rows = [(g.id, f"sub-{people[m.person]}", m.role, g.therapist, g.arm) for g in study.groups for m in g.members]
    columns = ["group_id", "participant_id", "role", "therapist", "arm"]
    write_tsv(root / "groups.tsv", pd.DataFrame(rows, columns=columns))
    write_json(root / "groups.json", {c: {"Description": _COLUMNS[c]} for c in columns if c in _COLUMNS})
    meetings = [
        {
            "group_id": m.group,
            "session": m.session,
            "date": m.date,
            "therapist": m.therapist,
            "arm": m.arm,
            "condition": m.condition,
            **{f"ses_{role}": sessions.get((m.key, role), "") for role in study.roles},
        }
        for m in study.meetings
    ]
    write_tsv(root / "meetings.tsv", pd.DataFrame(meetings, dtype=object))
    write_json(root / "meetings.json", {c: {"Description": _COLUMNS.get(c, c)} for c in (meetings or [{}])[0]})


_COLUMNS = {
    "role": "Role of the person in the group",
    OWN_ID: "The person's id in the study, where it is no BIDS label",
    "group_id": "People who meet: a dyad is a group of two",
    "therapist": "Who treats the group",
    "arm": "Arm of the study",
    "session": "Number of the session",
    "date": "Day of the session",
    "condition": "Experimental condition of the session",
    "ses_patient": "The ses- label of this meeting among the patient's folders",
    "ses_therapist": "The ses- label of this meeting among the therapist's folders",
}


def _write_outcomes(root: Path, study: Study, people: dict[str, str]) -> None:
    files = unique_labels(dict.fromkeys(str(i) for i in study.outcomes["instrument"]))
    for instrument, rows in study.outcomes.groupby("instrument", sort=False):
        scores = pd.DataFrame(
            {
                "participant_id": [
                    f"sub-{people[str(p)]}" if str(p) in people else str(p) for p in rows["participant"]
                ],
                "group_id": list(rows["group"]),
                "session": list(rows["session"]),
                "when": list(rows["when"]),
                "score": [float(s) for s in rows["score"]],
            }
        )
        name = str(instrument)
        stem = name if all(c.isalnum() or c in "-." for c in name) and name.isascii() else files[name]
        write_tsv(root / "phenotype" / f"{stem}.tsv", scores)
        write_json(
            root / "phenotype" / f"{stem}.json",
            {
                "MeasurementToolMetadata": {"Description": name},
                "Instrument": name,
                "when": {"Description": "Whether the score was taken before or after the session"},
                "score": {"Description": f"Score of {name}"},
            },
        )


def _write_recording(
    folder: Path, stem: str, study: Study, meeting: Meeting, recording: Recording, loaded: Loaded
) -> None:
    signal = loaded.signal
    kinds = {c.kind for c in signal.channels}
    said: dict[str, Any] = {"TaskName": meeting.condition or "meeting", "SamplingFrequency": signal.rate}
    if recording.offset_s is not None:
        said[OFFSET] = float(recording.offset_s)
    if kinds <= OPTICAL:
        folder, suffix = folder / "nirs", "nirs"
        snirf.write(folder / f"{stem}_nirs.snirf", signal, loaded.points, {"subject": recording.person, **loaded.meta})
        said |= _counts(signal)
        _write_optodes(folder, stem, signal)
    elif kinds <= ELECTRIC:
        folder, suffix = folder / "eeg", "epo" if signal.epoched else "eeg"
        fif.write(folder / f"{stem}_{suffix}.fif", signal, loaded.points, {"subject": recording.person, **loaded.meta})
        said |= {"EEGReference": "n/a", "PowerLineFrequency": "n/a", "SoftwareFilters": "n/a"}
    else:
        folder, suffix = folder / "beh", "physio"
        name = label(recording.modality) or "misc"
        table.write(folder / f"{stem}_recording-{name}_physio.tsv.gz", signal, header=False)
        said |= {
            "StartTime": 0.0,
            "Columns": table.unique([c.label for c in signal.channels]),
            "Modality": recording.modality,
        }
        said["Regions"] = {c.label: study.regions[c.name] for c in signal.channels if c.name in study.regions}
        stem = f"{stem}_recording-{name}"
    write_json(folder / f"{stem}_{suffix}.json", said)
    if suffix != "physio":
        write_tsv(folder / f"{stem}_channels.tsv", _channels_table(signal, study.regions))
    if meeting.segments != (Segment("whole"),):
        stem = "_".join(p for p in stem.split("_") if not p.startswith("recording-"))
        write_tsv(folder / f"{stem}_events.tsv", _events(meeting.segments, recording.offset_s or 0.0))


def _events(segments: tuple[Segment, ...], offset_s: float) -> pd.DataFrame:
    """Segments in seconds from the recording's first sample, as BIDS counts; no duration runs to the end."""
    rows = [
        (s.start_s - offset_s, "n/a" if s.stop_s is None else repr(float(s.stop_s - s.start_s)), s.name)
        for s in segments
    ]
    return pd.DataFrame(rows, columns=["onset", "duration", "trial_type"])


def _counts(signal: Signal) -> dict[str, Any]:
    pairs = [c.name.split("_") for c in signal.channels]
    return {
        "NIRSChannelCount": len(pairs),
        "NIRSSourceOptodeCount": len({p[0] for p in pairs}),
        "NIRSDetectorOptodeCount": len({p[-1] for p in pairs}),
    }


def _channels_table(signal: Signal, regions: dict[str, str]) -> pd.DataFrame:
    rows = []
    for channel in signal.channels:
        row: dict[str, Any] = {
            "name": channel.label if channel.wavelength else f"{channel.name} {channel.kind}",
            "type": CHANNEL_TYPES.get(channel.kind, channel.kind.upper()),
        }
        if channel.kind in OPTICAL:
            row["source"], row["detector"] = channel.name.split("_")
            row["wavelength_nominal"] = f"{channel.wavelength:g}" if channel.wavelength else "n/a"
        else:
            row["name"] = channel.name
        row["units"] = channel.unit or "n/a"
        row["region"] = regions.get(channel.name) or channel.region or "n/a"
        rows.append(row)
    return pd.DataFrame(rows)


def _write_optodes(folder: Path, stem: str, signal: Signal) -> None:
    optodes: dict[str, tuple[str, Any]] = {}
    for channel in signal.channels:
        source, detector = channel.name.split("_")
        optodes.setdefault(source, ("source", channel.source))
        optodes.setdefault(detector, ("detector", channel.detector))
    rows = [(name, kind, *(place or ("n/a",) * 3)) for name, (kind, place) in sorted(optodes.items())]
    found = entities(Path(stem + "_nirs"))
    stem = f"sub-{found['sub']}_ses-{found['ses']}"
    write_tsv(folder / f"{stem}_optodes.tsv", pd.DataFrame(rows, columns=["name", "type", "x", "y", "z"]))
    frame = {"NIRSCoordinateSystem": "Other", "NIRSCoordinateUnits": "m"}
    frame["NIRSCoordinateSystemDescription"] = "Head frame: right, front and top are positive"
    write_json(folder / f"{stem}_coordsystem.json", frame)
