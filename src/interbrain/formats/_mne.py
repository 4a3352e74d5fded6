"""MNE's ``Raw`` and ``Epochs`` to :class:`Signal`, :class:`Points` and what the file says about itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.points import Points
from interbrain.data.signal import XYZ, Channel, Signal
from interbrain.data.study import Loaded

KINDS: dict[str, tuple[str, str, float]] = {
    "fnirs_cw_amplitude": ("intensity", "", 1.0),
    "fnirs_od": ("od", "", 1.0),
    "hbo": ("hbo", "uM", 1e6),
    "hbr": ("hbr", "uM", 1e6),
    "eeg": ("eeg", "V", 1.0),
    "seeg": ("eeg", "V", 1.0),
    "ecog": ("eeg", "V", 1.0),
    "eog": ("eog", "V", 1.0),
    "ecg": ("ecg", "V", 1.0),
    "emg": ("emg", "V", 1.0),
    "gsr": ("eda", "S", 1.0),
    "resp": ("resp", "", 1.0),
    "temperature": ("temperature", "C", 1.0),
}
"""MNE's channel type: our kind and unit, and the factor from MNE's SI unit to it."""

OPTICAL = ("intensity", "od", "hbo", "hbr")


def from_raw(raw: Any) -> Loaded:
    """A continuous recording, loaded whole: one segment, start 0, points in seconds from its first sample.

    Bad channels, and spans annotated with a word that begins with ``BAD`` or ``EDGE``, are masked, not removed.
    """
    kept = [i for i, t in enumerate(raw.get_channel_types()) if t != "stim"]
    if not kept:
        raise BadInput("holds no channel besides triggers; allowed is a recording of at least one channel.")
    channels, factors = _channels(raw, kept)
    values = raw.get_data(picks=kept) * factors[:, None]
    if not values.shape[1]:
        raise BadInput("holds no samples; allowed is a recording of at least one sample.")
    valid = np.ones(values.shape, dtype=bool)
    notes = _mask_bad_channels(raw, kept, valid[None])
    notes += _mask_bad_spans(raw, kept, valid)
    signal = Signal(values[None], float(raw.info["sfreq"]), channels, valid[None])
    meta = about(raw.info, seconds_later=float(raw.first_time))
    if notes:
        meta["notes"] = tuple(notes)
    return Loaded(signal, _points(raw), meta)


def from_epochs(epochs: Any) -> Loaded:
    """Epochs with their ``selection`` as segment ids: what was dropped leaves a gap in the ids, never a shift."""
    epochs.drop_bad(verbose="ERROR")
    kept = [i for i, t in enumerate(epochs.get_channel_types()) if t != "stim"]
    if not len(epochs) or not kept:
        raise BadInput("holds no epoch or no channel; allowed is at least one of each.")
    channels, factors = _channels(epochs, kept)
    values = epochs.get_data(picks=kept) * factors[None, :, None]
    valid = np.ones(values.shape, dtype=bool)
    notes = _mask_bad_channels(epochs, kept, valid)
    ids = tuple(int(i) for i in epochs.selection)
    signal = Signal(values, float(epochs.info["sfreq"]), channels, valid, segment_ids=ids, epoched=True)
    meta = {**about(epochs.info), "tmin_s": float(epochs.tmin)}
    if notes:
        meta["notes"] = tuple(notes)
    return Loaded(signal, Points.none(), meta)


def about(info: Any, seconds_later: float = 0.0) -> dict[str, Any]:
    """``start_time`` (of the first sample), ``subject`` and ``device``, each only where the file says it."""
    meta: dict[str, Any] = {}
    if info["meas_date"] is not None:
        meta["start_time"] = iso(info["meas_date"] + timedelta(seconds=seconds_later))
    subject = info["subject_info"] or {}
    names = [str(subject[k]).strip() for k in ("his_id", "last_name", "first_name") if subject.get(k)]
    if names:
        meta["subject"] = names[0]
    device = info["device_info"] or {}
    labels = [str(device[k]).strip() for k in ("type", "model", "serial") if device.get(k)]
    if labels:
        meta["device"] = " ".join(labels)
    return meta


def iso(instant: datetime) -> str:
    """ISO 8601 with microseconds, in UTC where the zone is known."""
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC)
    return instant.isoformat(timespec="microseconds")


def _channels(inst: Any, kept: list[int]) -> tuple[tuple[Channel, ...], np.ndarray]:
    types = inst.get_channel_types()
    made = [_channel(inst.info["chs"][i], types[i]) for i in kept]
    return tuple(c for c, _ in made), np.array([f for _, f in made])


def _channel(ch: Any, kind_in_mne: str) -> tuple[Channel, float]:
    kind, unit, factor = KINDS.get(kind_in_mne, ("misc", "", 1.0))
    name, loc = str(ch["ch_name"]), np.asarray(ch["loc"], dtype=float)
    if kind not in OPTICAL:
        return Channel(name, kind, unit, position=_xyz(loc[:3])), factor
    wavelength = float(loc[9]) if kind in ("intensity", "od") and np.isfinite(loc[9]) else None
    pair = name.rsplit(" ", 1)[0]
    position, source, detector = (_xyz(loc[i : i + 3]) for i in (0, 3, 6))
    return Channel(pair, kind, unit, None, position, source, detector, wavelength), factor


def _xyz(loc: np.ndarray) -> XYZ | None:
    if not np.isfinite(loc).all() or not loc.any():
        return None
    return float(loc[0]), float(loc[1]), float(loc[2])


def _mask_bad_channels(inst: Any, kept: list[int], valid: np.ndarray) -> list[str]:
    bad = [j for j, i in enumerate(kept) if inst.ch_names[i] in inst.info["bads"]]
    valid[:, bad] = False
    return [f"channel {inst.ch_names[kept[j]]} is marked bad in the file and was masked" for j in bad]


def _mask_bad_spans(raw: Any, kept: list[int], valid: np.ndarray) -> list[str]:
    rate, total = raw.info["sfreq"], 0.0
    for onset, note in zip(_onsets(raw), raw.annotations):
        if not note["description"].lower().startswith(("bad", "edge")):
            continue
        start = max(round(onset * rate), 0)
        stop = min(max(round((onset + note["duration"]) * rate), start + 1), valid.shape[1])
        rows = [j for j, i in enumerate(kept) if not note.get("ch_names") or raw.ch_names[i] in note["ch_names"]]
        valid[rows, start:stop] = False
        total += max(stop - start, 0) / rate
    return [f"{total:.1f} s annotated as bad in the file were masked"] if total else []


def _onsets(raw: Any) -> np.ndarray:
    """Seconds from the first sample: annotations of files with a date count from the clock, not from the sample."""
    onset = np.asarray(raw.annotations.onset, dtype=float)
    return onset - (raw.first_time if raw.annotations.orig_time is not None else 0.0)


def _points(raw: Any) -> Points:
    onset, duration = list(_onsets(raw)), list(raw.annotations.duration)
    label = list(raw.annotations.description)
    for onset_s, value in _triggers(raw):
        onset.append(onset_s)
        duration.append(0.0)
        label.append(value)
    order = np.argsort(onset, kind="stable")
    return Points(np.array(onset)[order], np.array(duration)[order], tuple(label[i] for i in order))


def _triggers(raw: Any) -> list[tuple[float, str]]:
    """Upward steps of the trigger channels, with the value stepped to."""
    found = []
    for i, kind in enumerate(raw.get_channel_types()):
        if kind == "stim":
            row = raw.get_data(picks=[i])[0]
            for at in np.flatnonzero(np.diff(row, prepend=row[:1]) > 0):
                found.append((float(at) / raw.info["sfreq"], f"{row[at]:g}"))
    return found
