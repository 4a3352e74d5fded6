"""fNIRS: raw light to the haemoglobin that is analysed.

The order is the field's (Homer3, MNE-NIRS; Yücel et al., 2021, doi:10.1117/1.NPh.8.1.012101): optical density,
because light falls off exponentially; the scalp-coupling index on it, because the heart beat that it looks for is
strongest there; motion correction on it, because a movement is one event for both colours and has not yet been mixed
into two chromophores; Beer-Lambert, which is linear, so that it could stand on either side of the filter; the
band-pass last, so that what motion correction leaves of its steps is filtered too. The filter runs forwards and
backwards: a delay of one person's signal would be taken for a lead of the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mne
import numpy as np
from scipy.signal import butter, sosfiltfilt

from interbrain.data.errors import BadInput, Problem
from interbrain.data.plan import Plan
from interbrain.data.signal import XYZ, Channel, Signal
from interbrain.signals._mne import ASSUMED_DISTANCE_M, Pair, light_pairs, raw_of
from interbrain.signals.gaps import close_short_gaps, fill_linear
from interbrain.signals.prepared import DROPPED, KEPT, UNKNOWN, Prepared, quality_row
from interbrain.signals.quality import inspect

SCI_TRANSITION_HZ = 0.3
SHORT_CHANNEL_M = 0.01
FILTER_ORDER = 3


class _Log:
    """Rows, problems and steps as they come up along the way."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.problems: list[Problem] = []
        self.steps: list[str] = []

    def prepared(self, signal: Signal) -> Prepared:
        return Prepared(signal, tuple(self.rows), tuple(self.problems), tuple(self.steps))


def prepare(signal: Signal, plan: Plan) -> Prepared:
    """Raw intensity, optical density or haemoglobin to band-passed HbO and HbR in µmol/l.

    Channels come out as all ``"hbo"``, then all ``"hbr"``, with the name, region and positions of their pair. Gaps
    are bridged by straight lines for the filters; those longer than ``plan.quality.max_gap_s`` stay invalid.

    Raises
    ------
    BadInput
        No light or haemoglobin channel, epochs of raw light, or a band that the rate or the length cannot carry.
    """
    kind = next((k for k in ("intensity", "od", "hbo", "hbr") if k in {c.kind for c in signal.channels}), None)
    if kind is None:
        kinds = ", ".join(sorted({c.kind for c in signal.channels})) or "none"
        raise BadInput(f"fNIRS: the channel kinds are {kinds}; allowed are intensity, od, or hbo and hbr.")
    check_band(signal, plan.fnirs.band_hz)
    log = _Log()
    if kind in ("hbo", "hbr"):
        haemoglobin = _given_haemoglobin(signal.pick_kind("hbo", "hbr"), plan, log)
    else:
        haemoglobin = _from_light(signal.pick_kind(kind), kind, plan, log)
    if not haemoglobin.channels:
        log.problems.append(Problem("", "No usable channel is left.", "Nothing can be computed.",
                                    "The recording is left out."))  # fmt: skip
        return log.prepared(haemoglobin)
    return log.prepared(_finish(haemoglobin, plan, log))


def check_band(signal: Signal, band_hz: tuple[float, float]) -> None:
    """Refuse a band that the rate or the length cannot carry.

    Raises
    ------
    BadInput
        The upper edge is not below half the rate, or the recording is shorter than one period of the lower edge.
    """
    low, high = band_hz
    if high >= signal.rate / 2:
        raise BadInput(
            f"fNIRS: the band-pass goes up to {high:g} Hz, but {signal.rate:g} Hz sampling carries only what is below "
            f"{signal.rate / 2:g} Hz. Lower fnirs.band_hz."
        )
    if low > 0 and signal.duration < 1 / low:
        raise BadInput(
            f"fNIRS: the band-pass goes down to {low:g} Hz, one period of which is {1 / low:.4g} s; the recording has "
            f"{signal.duration:.4g} s. Raise the lower edge of fnirs.band_hz to at least {1 / signal.duration:.2g} Hz."
        )


def _from_light(signal: Signal, kind: str, plan: Plan, log: _Log) -> Signal:
    if len(signal.segment_ids) != 1:
        raise BadInput(
            f"fNIRS: {len(signal.segment_ids)} epochs of raw light; optical density and motion correction need the "
            "continuous recording. Give that, or epochs of hbo and hbr."
        )
    found = inspect(_positive(signal) if kind == "intensity" else signal, plan)
    log.rows += found.quality
    log.problems += found.problems
    signal = found.signal
    pairs = _whole_pairs(signal, log)
    if not pairs:
        return signal.pick([])
    order = [i for pair in pairs for i in pair.index]
    valid: np.ndarray = signal.valid[0, order]  # type: ignore[index]
    raw = raw_of(signal, pairs, fill_linear(signal.values[0, order], valid), _MNE_KIND[kind])
    if kind == "intensity":
        raw = mne.preprocessing.nirs.optical_density(raw, verbose="ERROR")
        log.steps.append("optical density")
    pairs, raw, valid = _drop_bad(signal, pairs, raw, valid, plan, log)
    if not pairs:
        return signal.pick([])
    if plan.fnirs.motion_correction == "tddr":
        raw = mne.preprocessing.nirs.temporal_derivative_distribution_repair(raw, verbose="ERROR")
        log.steps.append("motion correction (TDDR)")
    return _beer_lambert(signal, pairs, raw, valid, plan, log)


_MNE_KIND = {"intensity": "fnirs_cw_amplitude", "od": "fnirs_od"}


def _positive(signal: Signal) -> Signal:
    """Light of zero or less is no light: such samples are masked."""
    valid: np.ndarray = signal.valid  # type: ignore[assignment]
    return signal.with_values(signal.values, valid & (signal.values > 0))


def _whole_pairs(signal: Signal, log: _Log) -> list[Pair]:
    pairs, broken = light_pairs(signal.channels)
    for name in broken:
        log.problems.append(
            Problem(name, "Not every wavelength of the recording is there and usable.",
                    "Haemoglobin needs two colours of the same path.", "The source-detector pair is left out.")
        )  # fmt: skip
    whole = []
    for pair in pairs:
        if pair.distance_m < SHORT_CHANNEL_M and pair.distance_known:
            log.rows.append(quality_row(pair.name, "light", "distance_m", pair.distance_m, DROPPED, SHORT_CHANNEL_M))
            log.problems.append(
                Problem(pair.name, f"Source and detector are {pair.distance_m * 1000:.0f} mm apart.",
                        "So short a channel sees the scalp, not the brain.", "It is left out.", False)
            )  # fmt: skip
        else:
            whole.append(pair)
    unknown = [p.name for p in whole if not p.distance_known]
    if unknown:
        log.problems.append(
            Problem(", ".join(unknown), f"The distance of {len(unknown)} source-detector pairs is unknown.",
                    "Concentrations scale with it; coherence and correlation do not.",
                    f"{ASSUMED_DISTANCE_M * 100:g} cm is assumed.", False)
        )  # fmt: skip
    return whole


def _drop_bad(
    signal: Signal, pairs: list[Pair], raw: mne.io.RawArray, valid: np.ndarray, plan: Plan, log: _Log
) -> tuple[list[Pair], mne.io.RawArray, np.ndarray]:
    """Pairs without a heart beat in both colours are dropped where the plan says so."""
    threshold, n_colours = plan.fnirs.sci_threshold, len(pairs[0].index)
    reason = sci_obstacle(signal, plan.fnirs.cardiac_hz)
    if reason:
        log.problems.append(
            Problem("", f"The scalp-coupling index cannot be computed: {reason}.",
                    "Badly coupled optodes go unnoticed.", "All channels are kept.", False)
        )  # fmt: skip
        log.rows += [quality_row(p.name, "light", "sci", np.nan, UNKNOWN, threshold) for p in pairs]
        return pairs, raw, valid
    sci = scalp_coupling(raw, valid, n_colours, plan.fnirs.cardiac_hz)
    keep = []
    for number, (pair, value) in enumerate(zip(pairs, sci)):
        bad = not value >= threshold
        dropped = bad and plan.fnirs.drop_bad_channels
        log.rows.append(quality_row(pair.name, "light", "sci", value, DROPPED if dropped else KEPT, threshold))
        if bad:
            log.problems.append(
                Problem(pair.name, f"Scalp-coupling index {value:.3f}, below {threshold:g}.",
                        "Its two colours do not share a heart beat: the optodes do not see the head well.",
                        "The channel is left out." if dropped else "It is kept, as the plan says.", dropped)
            )  # fmt: skip
        if not dropped:
            keep.append(number)
    rows = [n * n_colours + k for n in keep for k in range(n_colours)]
    log.steps.append(f"scalp-coupling index at least {threshold:g}")
    return [pairs[n] for n in keep], raw.pick(rows, verbose="ERROR") if rows else raw, valid[rows]


def sci_obstacle(signal: Signal, cardiac_hz: tuple[float, float]) -> str | None:
    """Why the scalp-coupling index cannot be computed; None where it can."""
    if signal.rate / 2 <= cardiac_hz[1]:
        return (
            f"sampling at {signal.rate:g} Hz carries nothing above {signal.rate / 2:g} Hz, the heart beats at "
            f"{cardiac_hz[0]:g} to {cardiac_hz[1]:g} Hz"
        )
    if signal.duration < 10:
        return f"{signal.duration:.1f} s are too few heart beats; at least 10 s are needed"
    return None


def scalp_coupling(
    raw: mne.io.RawArray, valid: np.ndarray, n_colours: int, cardiac_hz: tuple[float, float]
) -> np.ndarray:
    """Scalp-coupling index of each pair: the least correlation of its colours in the cardiac band.

    Pollonini et al. (2014, doi:10.1016/j.heares.2013.11.007), with the filter of MNE's ``scalp_coupling_index``, over
    the samples that are valid in all colours. 0 where it is undefined.
    """
    nyquist = raw.info["sfreq"] / 2
    beat = raw.copy().filter(
        *cardiac_hz,
        l_trans_bandwidth=min(SCI_TRANSITION_HZ, cardiac_hz[0]),
        h_trans_bandwidth=min(SCI_TRANSITION_HZ, nyquist - cardiac_hz[1]),
        verbose="ERROR",
    ).get_data()  # fmt: skip
    index = np.zeros(len(beat) // n_colours)
    for number in range(len(index)):
        rows = slice(number * n_colours, (number + 1) * n_colours)
        good = valid[rows].all(axis=0)
        colours = beat[rows][:, good]
        if good.sum() > 2 and (colours.std(axis=1) > 0).all():
            index[number] = np.corrcoef(colours).min()
    return index


def _beer_lambert(
    signal: Signal, pairs: list[Pair], raw: mne.io.RawArray, valid: np.ndarray, plan: Plan, log: _Log
) -> Signal:
    """HbO and HbR in µmol/l; a sample is valid where every colour was."""
    concentration = mne.preprocessing.nirs.beer_lambert_law(raw, ppf=plan.fnirs.ppf).get_data() * 1e6
    log.steps.append(f"modified Beer-Lambert law (partial pathlength factor {plan.fnirs.ppf:g})")
    n_colours = len(pairs[0].index)
    joint = valid.reshape(len(pairs), n_colours, -1).all(axis=1)
    values = np.concatenate([concentration[0::2], concentration[1::2]])[np.newaxis]
    channels = [_haemoglobin_channel(signal, pair, kind) for kind in ("hbo", "hbr") for pair in pairs]
    return signal.with_values(values, np.concatenate([joint, joint])[np.newaxis], channels=tuple(channels))


def _haemoglobin_channel(signal: Signal, pair: Pair, kind: str) -> Channel:
    light = signal.channels[pair.index[0]]
    return replace(light, kind=kind, unit="uM", wavelength=None, position=light.position or _midpoint(light))


def _midpoint(light: Channel) -> XYZ | None:
    if light.source is None or light.detector is None:
        return None
    x, y, z = (np.add(light.source, light.detector) / 2).tolist()
    return x, y, z


def _given_haemoglobin(signal: Signal, plan: Plan, log: _Log) -> Signal:
    """HbO and HbR as the file has them, in µmol/l."""
    found = inspect(signal, plan)
    log.rows += found.quality
    log.problems += found.problems
    signal = found.signal
    factor = np.array([_MICROMOLAR.get(c.unit, 1.0) for c in signal.channels])
    unknown = sorted({c.unit for c in signal.channels if c.unit not in _MICROMOLAR})
    if unknown:
        log.problems.append(Problem("", f"Haemoglobin in the unit {unknown[0]!r}.",
                                    "Only M, mM and uM can be converted.", "It is kept as it is.", False))  # fmt: skip
    channels = tuple(replace(c, unit="uM") if c.unit in _MICROMOLAR else c for c in signal.channels)
    return signal.with_values(signal.values * factor[:, np.newaxis], channels=channels)


_MICROMOLAR = {"M": 1e6, "mol/l": 1e6, "mM": 1e3, "mmol/l": 1e3, "uM": 1.0, "µM": 1.0, "umol/l": 1.0}


def _finish(signal: Signal, plan: Plan, log: _Log) -> Signal:
    """Band-pass over bridged gaps; the long ones are invalid again afterwards."""
    low, high = plan.fnirs.band_hz
    valid: np.ndarray = signal.valid  # type: ignore[assignment]
    filtered = band_pass(fill_linear(signal.values, valid), signal.rate, (low, high))
    log.steps.append(f"zero-phase band-pass {low:g} to {high:g} Hz (Butterworth, order {FILTER_ORDER}, both ways)")
    if low > 0 and signal.duration < 3 / low:
        log.problems.append(
            Problem("", f"The recording has {signal.duration * low:.1f} periods of the lower edge {low:g} Hz.",
                    "Fewer than three leave the slowest waves to chance.", "It is analysed.", False)
        )  # fmt: skip
    closed = close_short_gaps(valid, int(plan.quality.max_gap_s * signal.rate))
    return signal.with_values(np.where(closed, filtered, np.nan), closed)


def band_pass(values: np.ndarray, rate: float, band_hz: tuple[float, float]) -> np.ndarray:
    """Zero-phase Butterworth along the last axis; a lower edge of 0 is a low-pass.

    The ends are continued by their point reflection over one period of the lower edge, so that the filter has
    settled when the recording begins.
    """
    low, high = band_hz
    edges, form = ((low, high), "bandpass") if low > 0 else (high, "lowpass")
    sos = butter(FILTER_ORDER, edges, form, fs=rate, output="sos")
    settle = round(rate / (low if low > 0 else high))
    centred = values - values.mean(axis=-1, keepdims=True) if low > 0 else values
    return sosfiltfilt(sos, centred, axis=-1, padlen=min(settle, values.shape[-1] - 1))
