"""The synapse's equations, step by step."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def activity(
    evoked: float, spontaneous: float, drive: float, balance: float, evoked_share: float
) -> float:  # pragma: no cover - compiled
    """Postsynaptic activity over its target; strengths are relative to their references."""
    inhibited = (1.0 - balance) + balance * evoked
    through = drive * evoked / inhibited if inhibited > 0.0 else 0.0
    return evoked_share * through + (1.0 - evoked_share) * spontaneous


@njit(cache=True, nogil=True)
def develop(
    q_evoked: np.ndarray,
    q_spontaneous: np.ndarray,
    p: np.ndarray,
    affinity: np.ndarray,
    drive: np.ndarray,
    modulator: np.ndarray,
    silent: np.ndarray,
    release: np.ndarray,
    constants: np.ndarray,
    one_site: bool,
    dt: float,
    every: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # pragma: no cover - compiled
    """Euler steps of ``dt`` days; arrays over time have one entry a step, arrays over synapses are (n,).

    Returns q_evoked, q_spontaneous, p as (kept, n) and activity (kept,), kept every ``every`` steps, the first state
    included. With ``one_site`` both modes read ``q_evoked``, which both rules then change.
    """
    n, steps = len(p), len(drive)
    sites, evoked_ref, spontaneous_ref = constants[0], constants[1], constants[2]
    balance, evoked_share, eta, q_max, p_max = constants[3], constants[4], constants[5], constants[6], constants[7]
    presynaptic, tau_scaling, reach, q_ceiling = constants[8], constants[9], constants[10], constants[11]
    kept = 1 + (steps - 1) // every
    out_e, out_s, out_p, out_r = np.empty((kept, n)), np.empty((kept, n)), np.empty((kept, n)), np.empty(kept)
    for t in range(steps):
        awake = 1.0 - silent[t]
        evoked = spontaneous = size = 0.0
        for i in range(n):
            q = q_evoked[i] if one_site else q_spontaneous[i]
            evoked += sites * p[i] * q_evoked[i] * (awake if one_site else 1.0)
            spontaneous += release[t] * awake * q
            size += q
        r = activity(evoked / n / evoked_ref, spontaneous / n / spontaneous_ref, drive[t], balance, evoked_share)
        if t % every == 0:
            k = t // every
            out_e[k], out_p[k], out_r[k] = q_evoked, p, r
            out_s[k] = q_evoked if one_site else q_spontaneous
        scaling = (1.0 - r) / tau_scaling
        if scaling > 0.0:
            scaling *= max(0.0, 1.0 - size / n / q_ceiling)
        scaling *= dt
        for i in range(n):
            hebb = eta * modulator[t] * affinity[i] * drive[t] * r * dt
            p[i] += presynaptic * hebb * (p_max - p[i])
            grown = (1.0 - presynaptic) * hebb * (q_max - q_evoked[i])
            q_evoked[i] += grown + (1.0 if one_site else reach) * scaling * q_evoked[i]
            q_spontaneous[i] += scaling * q_spontaneous[i]
    return out_e, out_s, out_p, out_r
