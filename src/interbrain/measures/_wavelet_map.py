"""Wavelet coherence of two series at full rate: the reference that the reduced path is tested against."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from interbrain.arrays import wavelet
from interbrain.data.errors import BadInput


@dataclass(frozen=True)
class Convention:
    """How ends, scales and cone are treated; two programs that differ here differ by 0.1 on average.

    Parameters
    ----------
    scale_kernel
        Boxcar over scales. ``"exact"``: its width is 0.6 octaves, the ends carry the fraction (12 voices:
        [.1, 1 × 7, .1]). ``"biwavelet"``: [.6, 1 × 7, .6], 0.68 octaves. ``"pycwt"``: 14 taps, 1.08 octaves, lower
        scales first.
    padding
        ``"no_wrap"`` pads with zeros until nothing wraps round, for the transform and for the smoothing;
        ``"biwavelet"`` and ``"pycwt"`` pad to powers of two, so that slow scales of one end reach the other.
    analytic
        Whether the wavelet holds positive frequencies only, half the rate among them.
    cone_from
        Where the cone of influence starts: ``"edge"`` half a sample before the first sample, ``"sample"`` at it.
    grid
        Scales used for a band: ``"absolute"`` has periods of 2^(j/voices) s whatever the rate; ``"2dt"`` starts at
        two samples.
    """

    scale_kernel: str = "exact"
    padding: str = "no_wrap"
    analytic: bool = True
    cone_from: str = "edge"
    grid: str = "absolute"


CONVENTIONS = {
    "interbrain": Convention(),
    "biwavelet": Convention("biwavelet", "biwavelet", True, "sample", "2dt"),
    "pycwt": Convention("pycwt", "pycwt", False, "edge", "2dt"),
}


@dataclass(frozen=True, eq=False)
class WaveletMap:
    """Wavelet coherence of one pair of series.

    ``rsq``, ``phase`` and ``raw_phase`` are ``(scale, time)``: squared coherence, the phase of the smoothed
    cross-spectrum and of the unsmoothed one (rad, positive when the first series leads). ``period`` and ``scale`` (s)
    run over scales, ``coi`` (the slowest period that an edge leaves alone, s) and ``t`` (s, exactly sample / rate)
    over time. ``inside`` ``(scale, time)`` is True inside the cone and away from gaps.
    """

    rsq: np.ndarray
    phase: np.ndarray
    raw_phase: np.ndarray
    period: np.ndarray
    coi: np.ndarray
    scale: np.ndarray
    t: np.ndarray
    inside: np.ndarray

    def columns(self, most: int) -> WaveletMap:
        """At most ``most`` columns, evenly spread from the first sample on."""
        step = max(1, -(-len(self.t) // most))
        pick = slice(None, None, step)
        rows = {k: getattr(self, k)[:, pick] for k in ("rsq", "phase", "raw_phase", "inside")}
        return replace(self, coi=self.coi[pick], t=self.t[pick], **rows)


def scale_kernel(name: str, dj: float) -> tuple[np.ndarray, int]:
    """Taps over scales and the offset of the first one (in scales); their sum is 1."""
    octave = wavelet.DECORRELATION_OCTAVES
    if name == "exact":
        side = max(0.0, (octave / dj - 1) / 2)
        reach, end = int(side) + 1, side - int(side)
    elif name == "biwavelet":
        steps = octave / (2 * dj)
        reach, end = int(np.round(steps)), steps % 1
    elif name == "pycwt":
        n = int(np.round(2 * octave / dj))
        taps = np.ones(n)
        taps[[0, -1]] = 0.5
        return taps / taps.sum(), -(n // 2)
    else:
        raise BadInput(f"wtc: scale_kernel is {name!r}; allowed are 'exact', 'biwavelet' and 'pycwt'.")
    taps = np.ones(2 * reach + 1)
    taps[[0, -1]] = end
    return taps / taps.sum(), -reach


def padded_lengths(padding: str, n: int, slowest: float) -> tuple[int, int]:
    """Lengths of the series padded for the transform and for the smoothing; ``slowest`` scale in samples."""
    if padding == "no_wrap":
        length = wavelet.padded_length(n, slowest)
        return length, length
    if padding not in ("biwavelet", "pycwt"):
        raise BadInput(f"wtc: padding is {padding!r}; allowed are 'no_wrap', 'biwavelet' and 'pycwt'.")
    next_power = wavelet.padded_length(n, slowest, 0)
    return (wavelet.padded_length(n, slowest, 1) if padding == "biwavelet" else next_power), next_power


def cone_of_influence(n: int, rate: float, omega0: float, cone_from: str) -> np.ndarray:
    """The slowest period (s) at each sample that lies √2 scales away from both ends."""
    sample = np.arange(n)
    from_edge = np.minimum(sample, n - 1 - sample) + (0.5 if cone_from == "edge" else 0.0)
    if cone_from == "sample":
        from_edge[[0, -1]] = 1e-5
    return wavelet.fourier_factor(omega0) / wavelet.CONE / rate * from_edge


def first_inside(scale: float, cone_from: str) -> int:
    """First sample more than √2 scales (in samples) from the recording's beginning; the cone mirrors it at the end."""
    return int(np.floor(wavelet.CONE * scale - (0.5 if cone_from == "edge" else 0.0) + 1e-9)) + 1


def away_from_gaps(valid: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """``(scale, time)``: whether a sample lies at least √2 scales (in samples) from every invalid sample's edge."""
    n = len(valid)
    bad = np.flatnonzero(~valid)
    if not len(bad):
        return np.ones((len(scales), n), dtype=bool)
    sample = np.arange(n)
    after = np.searchsorted(bad, sample)
    right = np.where(after < len(bad), bad[np.minimum(after, len(bad) - 1)] - sample, n + np.inf)
    left = np.where(after > 0, sample - bad[np.maximum(after - 1, 0)], n + np.inf)
    distance = np.minimum(left, right) - 0.5
    return valid & (distance >= wavelet.CONE * scales[:, None])


def fill_gaps(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Series without gaps and mean: straight lines across gaps, the nearest sample beyond the ends.

    A straight line carries next to no power inside a band, so a gap adds little to the smoothed sums around it.
    """
    if not valid.any():
        return np.zeros(len(values))
    centred = values - values[valid].mean()
    if valid.all():
        return centred
    good = np.flatnonzero(valid)
    return np.interp(np.arange(len(values)), good, centred[good])


def coherence_map(
    x: np.ndarray,
    y: np.ndarray,
    rate: float,
    *,
    dj: float = 1 / 12,
    s0: float | None = None,
    n_scales: int | None = None,
    scales: np.ndarray | None = None,
    omega0: float = 6.0,
    convention: str | Convention = "interbrain",
    valid_x: np.ndarray | None = None,
    valid_y: np.ndarray | None = None,
) -> WaveletMap:
    """Squared wavelet coherence of two series for every sample and scale.

    Morlet wavelet; the products are divided by the scale, smoothed by a Gaussian in time (SD = scale) and by a boxcar
    over scales. Interbrain's own convention departs from both common programs where they depart from the method:
    the boxcar is 0.6 octaves wide as Torrence and Webster (1999, doi:10.1175/1520-0442(1999)012<2679:ICITEM>2.0.CO;2)
    state (biwavelet's has 0.68, pycwt's 1.08 and is off centre by half a scale), and the padding keeps one end of the
    recording from leaking into the other. The narrower boxcar averages less, so independent noise gives higher
    coherence than in pycwt: no value speaks without its null.

    Every estimate is biased by averaging few independent cells: upwards where there is no coupling; downwards where
    the lag is not small against the scale, since the two wavelets then look at different stretches.

    Parameters
    ----------
    x, y
        ``(time,)``; a positive phase means that ``x`` leads.
    rate
        Hz.
    dj, s0, n_scales
        Scales ``s0 * 2^(j dj)`` in s; by default from two samples to the recording's length.
    scales
        Scales in s (neighbours ``dj`` octaves apart) in place of ``s0`` and ``n_scales``.
    convention
        ``"interbrain"``, ``"biwavelet"``, ``"pycwt"`` or a :class:`Convention`.
    valid_x, valid_y
        True where a sample may be used; gaps are bridged by straight lines and ``inside`` keeps away from them.

    Raises
    ------
    BadInput
        Series of different shape or an unknown convention.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise BadInput(f"wtc: the series have shapes {x.shape} and {y.shape}; two series of one length are needed.")
    if isinstance(convention, str) and convention not in CONVENTIONS:
        raise BadInput(f"wtc: there is no convention {convention!r}; there are: {', '.join(CONVENTIONS)}.")
    rule = CONVENTIONS[convention] if isinstance(convention, str) else convention
    n = len(x)
    if scales is None:
        s0 = s0 or 2 / rate
        n_scales = n_scales or int(np.log2(n / rate / s0) / dj) + 1
        scales = s0 * 2.0 ** (dj * np.arange(n_scales))
    step = scales * rate
    mask_x = np.isfinite(x) if valid_x is None else valid_x & np.isfinite(x)
    mask_y = np.isfinite(y) if valid_y is None else valid_y & np.isfinite(y)
    transform_length, smooth_length = padded_lengths(rule.padding, n, float(step.max()))
    series = np.stack([fill_gaps(x, mask_x), fill_gaps(y, mask_y)])
    wx, wy = wavelet.morlet_transform(series, step, omega0, transform_length, rule.analytic)
    taps, first = scale_kernel(rule.scale_kernel, dj)

    def smooth(product: np.ndarray) -> np.ndarray:
        return wavelet.smooth_scale(wavelet.smooth_time(product / step[:, None], step, smooth_length), taps, first)

    cross = wx * wy.conj()
    smoothed = smooth(cross)
    power = smooth(np.abs(wx) ** 2) * smooth(np.abs(wy) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        rsq = np.where(power > 0, np.abs(smoothed) ** 2 / power, np.nan)
    period = scales * wavelet.fourier_factor(omega0)
    coi = cone_of_influence(n, rate, omega0, rule.cone_from)
    sample = np.arange(n)
    first_in = np.array([first_inside(s, rule.cone_from) for s in step])[:, None]
    inside = (sample >= first_in) & (sample <= n - 1 - first_in)
    inside &= away_from_gaps(mask_x, step) & away_from_gaps(mask_y, step)
    return WaveletMap(
        rsq, np.angle(smoothed), np.angle(cross), period, coi, np.asarray(scales), np.arange(n) / rate, inside
    )
