"""What the records of one family of measures have in common, in literals: nulls, settings and their help.

A record that names one of these is read from the source like any other (``data.records``).
"""

from __future__ import annotations

PREPARED_AGAIN = {
    "circular_shift": "prepare",
    "phase_randomisation": "prepare",
    "aaft": "prepare",
    "segment_shuffle": "prepare",
}
"""Nulls of a measure without a faster way than to prepare the shifted or shuffled person again."""

EPOCHS_REORDERED = {
    "segment_shuffle": "reindex",
    "circular_shift": "prepare",
    "phase_randomisation": "prepare",
    "aaft": "prepare",
}
"""Nulls of a measure that puts prepared epochs (or segments) in another order."""

WAVELET_NULLS = {
    "circular_shift": "prepare",
    "phase_randomisation": "prepare",
    "aaft": "prepare",
    "segment_shuffle": "refused: cutting a continuous recording into pieces breaks every wavelet that spans a cut, so "
    "the surrogates would differ for that reason alone; use circular_shift.",
}

WAVELET = {
    "voices": 12,
    "omega0": 6.0,
    "min_inside": 0.25,
    "path": "reduced",
    "padding": "no_wrap",
    "analytic": True,
    "cone_from": "edge",
    "grid": "absolute",
}
WAVELET_HELP = {
    "voices": "scales an octave",
    "omega0": "cycles in the Morlet wavelet (times 2 pi): higher is finer in frequency, coarser in time",
    "min_inside": "smallest share of time × scale inside the cone and away from gaps that a value may rest on",
    "path": "'reduced' (points a quarter of a scale apart) or 'full' (every sample, the reference)",
    "padding": "zeros after the series: 'no_wrap', or 'biwavelet' and 'pycwt', where slow scales wrap round",
    "analytic": "positive frequencies only, half the rate among them",
    "cone_from": "the cone of influence starts at the first sample's 'edge' or at the 'sample'",
    "grid": "'absolute': periods 2^(j/voices) s at any rate; '2dt': from two samples on",
}
SMOOTHED = {**WAVELET, "scale_kernel": "exact"}
"""Wavelet measures that smooth over time and scale."""
SMOOTHED_HELP = {
    **WAVELET_HELP,
    "path": "'reduced' (coarse grids, fast) or 'full' (every sample, the reference)",
    "scale_kernel": "boxcar over scales: 'exact' 0.6 octaves, 'biwavelet' 0.68, 'pycwt' 1.08",
}

STRETCHES = {"min_valid": 0.5, "segment_s": 10.0}
"""Measures of rhythms: what an epoch must hold, and the stretches of a continuous recording."""
STRETCHES_HELP = {
    "min_valid": "share of an epoch's samples that must be valid for it to count",
    "segment_s": "continuous recordings: seconds of the stretches that segment_shuffle puts in another order",
}
MEMBERS_HELP = {**STRETCHES_HELP, "min_valid": "share of a recording's (an epoch's) samples that all members must have"}
HANN_HELP = {
    "across": "'time': within each epoch, then the mean over epochs; 'epochs': over epochs (Hann window)",
}
SPECTRUM_HELP = {
    "across": "'time': within each epoch, then the mean over epochs; 'epochs': over epochs, then over the band",
    "spectrum": "across epochs: 'multitaper' (seven Slepian tapers) or 'fourier' (one Hann window)",
}
RHYTHM_CONVENTIONS = {
    "hypyp": {"across": "time"},
    "mne": {"across": "epochs", "spectrum": "multitaper"},
    "mne_fourier": {"across": "epochs", "spectrum": "fourier"},
}
"""Phase measures as HyPyP and MNE-Connectivity take them."""

PAST = {"order": 0, "criterion": "bic", "max_order_s": 2.0, "conditional": False}
"""Autoregressive models: how far they look back, and at whom."""
PAST_HELP = {
    "order": "samples that the model looks back; 0: the best up to max_order_s by the criterion",
    "criterion": "'bic' or 'aic'",
    "max_order_s": "longest memory tried, in seconds",
    "conditional": "whether the past of all other channels of both people is known as well",
}
SPECTRAL_PAST = {**PAST, "max_order": 20}
SPECTRAL_PAST_HELP = {
    **PAST_HELP,
    "order": "samples that the model looks back; 0: the best up to max_order_s and max_order by the criterion",
    "max_order": "longest memory tried, in samples",
    "conditional": "whether one model holds all channels of both people, or each pair has its own",
}
