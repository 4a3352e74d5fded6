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
WAVELET_ALLOWED = {
    "voices": "[4, inf)",
    "omega0": "[5, inf)",
    "min_inside": "(0, 1)",
    "path": ("reduced", "full"),
    "padding": ("no_wrap", "biwavelet", "pycwt"),
    "cone_from": ("edge", "sample"),
    "grid": ("absolute", "2dt"),
}
"""Below omega0 = 5 the Morlet wavelet's mean is not zero, so that it is none."""
WAVELET_NEED = {"path=reduced": {"padding": "no_wrap", "analytic": True, "cone_from": "edge"}}
SMOOTHED = {**WAVELET, "scale_kernel": "exact"}
"""Wavelet measures that smooth over time and scale."""
SMOOTHED_HELP = {
    **WAVELET_HELP,
    "path": "'reduced' (coarse grids, fast) or 'full' (every sample, the reference)",
    "scale_kernel": "boxcar over scales: 'exact' 0.6 octaves, 'biwavelet' 0.68, 'pycwt' 1.08",
}
SMOOTHED_ALLOWED = {**WAVELET_ALLOWED, "scale_kernel": ("exact", "biwavelet", "pycwt")}

STRETCHES = {"min_valid": 0.5, "segment_s": 10.0}
"""Measures of rhythms: what an epoch must hold, and the stretches of a continuous recording."""
STRETCHES_HELP = {
    "min_valid": "share of an epoch's samples that must be valid for it to count",
    "segment_s": "continuous recordings: seconds of the stretches that segment_shuffle puts in another order",
}
STRETCHES_ALLOWED = {"min_valid": "(0, 1]", "segment_s": "(0, inf)"}
MEMBERS_HELP = {**STRETCHES_HELP, "min_valid": "share of a recording's (an epoch's) samples that all members must have"}
HANN_HELP = {
    "across": "'time': within each epoch, then the mean over epochs; 'epochs': over epochs (Hann window)",
}
SPECTRUM_HELP = {
    "across": "'time': within each epoch, then the mean over epochs; 'epochs': over epochs, then over the band",
    "spectrum": "across epochs: 'multitaper' (seven Slepian tapers) or 'fourier' (one Hann window)",
}
HANN_ALLOWED = {"across": ("time", "epochs"), **STRETCHES_ALLOWED}
SPECTRUM_ALLOWED = {**HANN_ALLOWED, "spectrum": ("multitaper", "fourier")}
RHYTHM_CONVENTIONS = {
    "hypyp": {"across": "time"},
    "mne": {"across": "epochs", "spectrum": "multitaper"},
    "mne_fourier": {"across": "epochs", "spectrum": "fourier"},
}
"""Phase measures as HyPyP and MNE-Connectivity take them."""

PAST = {"order": 0, "criterion": "bic", "max_order_s": 2.0, "max_order": 20, "conditional": False}
"""Autoregressive models: how far they look back, and at whom (for the cap see ``_autoregression``)."""
PAST_HELP = {
    "order": "samples that the model looks back; 0: the best up to max_order_s and max_order by the criterion",
    "criterion": "'bic' or 'aic'",
    "max_order_s": "longest memory tried, in seconds, where that is no more than max_order samples",
    "max_order": "longest memory tried, in samples: 20 are 2 s at 10 Hz, and 40 ms at 500 Hz",
    "conditional": "whether the past of all other channels of both people is known as well",
}
PAST_ALLOWED = {"order": "[0, inf)", "criterion": ("bic", "aic"), "max_order_s": "(0, inf)", "max_order": "[1, inf)"}
PAIRED_PAST_HELP = {
    **PAST_HELP,
    "conditional": "whether one model holds all channels of both people, or each pair has its own",
}
