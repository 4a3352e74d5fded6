"""Leaky integrate-and-fire neurons, step by step; plastic synapses are touched only when one of their spikes is.

Between two of its events a synapse has e(t) = e₀·exp(−(t−t₀)/τ_e) and w' = η·M(t)·e(t)·(w_max − w), so its weight
follows exactly from H = ∫M(t)·exp(−(t−t₀)/τ_e)dt, which is ``ahead[t₀] − exp(−(t−t₀)/τ_e)·ahead[t]``. Events of step k
lie at its end, time k + 1, after voltages have moved.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def look_ahead(modulator: np.ndarray, dt: float, tau: float) -> np.ndarray:
    """∫ M(s)·exp(−(s−t)/τ) ds from each step t to the end, (steps + 1,), for M constant within a step."""
    steps = len(modulator)
    decay = math.exp(-dt / tau)
    ahead = np.zeros(steps + 1)
    for k in range(steps - 1, -1, -1):
        ahead[k] = modulator[k] * tau * (1.0 - decay) + decay * ahead[k + 1]
    return ahead


@njit(cache=True, nogil=True, inline="always")
def _exp(x: float) -> float:
    """Near 0, where weights' steps lie, the series is exact to rounding and much faster."""
    if -1e-3 < x < 1e-3:
        return 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x / 24.0)))
    return math.exp(x)


@njit(cache=True, nogil=True, inline="always")
def _faded(table: np.ndarray, gap: int) -> float:
    """exp(−gap·dt/τ), looked up; 0 past the table's end, which is below rounding."""
    return table[gap] if gap < len(table) else 0.0


@njit(cache=True, nogil=True, inline="always")
def _settle(
    s: int, k: int, synapse: np.ndarray, decay: np.ndarray, ahead: np.ndarray, eta: float, w_max: float
) -> None:
    """Bring one synapse's weight and eligibility from its last event to time ``k``; rows are (w, e, last event)."""
    e, since = synapse[s, 1], int(synapse[s, 2])
    left = decay[k - since]
    if e != 0.0:
        gone = _exp(-eta * e * (ahead[since] - left * ahead[k]))
        synapse[s, 0] = max(0.0, w_max - (w_max - synapse[s, 0]) * gone)
        synapse[s, 1] = e * left
    synapse[s, 2] = k


@njit(cache=True, nogil=True)
def _advance(v: np.ndarray, g_e: np.ndarray, g_i: np.ndarray, lift: np.ndarray, neuron: np.ndarray) -> None:
    """One exact step of voltages and currents, as if nobody were refractory: no branch, so that it vectorises."""
    through_v, through_e, through_i, keep_e, keep_i = neuron[0], neuron[1], neuron[2], neuron[3], neuron[4]
    for i in range(len(v)):
        v[i] = lift[i] + (v[i] - lift[i]) * through_v + g_e[i] * through_e - g_i[i] * through_i
        g_e[i] *= keep_e
        g_i[i] *= keep_i


@njit(cache=True, nogil=True)
def _note(k: int, v: np.ndarray, theta: float, step_of: np.ndarray, who: np.ndarray, spikes: int) -> int:
    """Write down who is above threshold; returns how many spikes there are now, -1 where they have no room."""
    many = 0
    for i in range(len(v)):
        many += v[i] > theta
    if spikes + many > len(who):
        return -1
    for i in range(len(v) if many > 0 else 0):
        if v[i] > theta:
            step_of[spikes], who[spikes] = k, i
            spikes += 1
    return spikes


@njit(cache=True, nogil=True)
def _released(j: int, k: int, x: np.ndarray, u: np.ndarray, seen: np.ndarray, tm: np.ndarray) -> float:
    """Share of resources that a spike of neuron ``j`` releases (Tsodyks–Markram); dt/τ in ``tm[1:]``, 0 for none."""
    gap = k - seen[j]
    x[j] = 1.0 - (1.0 - x[j]) * math.exp(-gap * tm[1])
    u[j] = u[j] * math.exp(-gap * tm[2]) if tm[2] > 0.0 else 0.0
    u[j] += tm[0] * (1.0 - u[j])
    out = u[j] * x[j]
    x[j] -= out
    seen[j] = k
    return float(out)


@njit(cache=True, nogil=True)
def _arrive(
    j: int, k: int, start: int, wires: tuple, state: tuple, tm: np.ndarray, rule: np.ndarray, fades: tuple,
    decay: np.ndarray, ahead: np.ndarray,
) -> None:  # fmt: skip
    """A spike of neuron ``j`` reaches its targets in step ``k``."""
    first, plastic_end, target, first_in = wires[0], wires[1], wires[2], wires[3]
    g_e, g_i, synapse, pre, post, pre_seen, post_seen = (
        state[1], state[2], state[4], state[5], state[6], state[7], state[8],
    )  # fmt: skip
    now = start + k
    if first_in[-1] > 0:
        pre[j] = pre[j] * _faded(fades[0], now - pre_seen[j]) + rule[2]
        pre_seen[j] = now
    if plastic_end[j] < 0:
        for s in range(first[j], first[j + 1]):
            g_i[target[s]] += synapse[s, 0]
        return
    amount = _released(j, now, state[9], state[10], state[11], tm)
    for s in range(first[j], plastic_end[j]):
        _settle(s, k + 1, synapse, decay, ahead, rule[0], rule[1])
        i = target[s]
        synapse[s, 1] += post[i] * _faded(fades[1], now - post_seen[i])
        g_e[i] += synapse[s, 0] * amount
    for s in range(plastic_end[j], first[j + 1]):
        g_e[target[s]] += synapse[s, 0] * amount


@njit(cache=True, nogil=True)
def _fire(
    i: int, k: int, start: int, wires: tuple, state: tuple, rule: np.ndarray, fades: tuple, decay: np.ndarray,
    ahead: np.ndarray,
) -> None:  # fmt: skip
    """Neuron ``i`` fires in step ``k``: what its plastic synapses learn of it."""
    first_in, synapse_in, source = wires[3], wires[4], wires[5]
    synapse, pre, post, pre_seen, post_seen = state[4], state[5], state[6], state[7], state[8]
    now = start + k
    post[i] = post[i] * _faded(fades[1], now - post_seen[i]) - rule[3]
    post_seen[i] = now
    for s in synapse_in[first_in[i] : first_in[i + 1]]:
        _settle(s, k + 1, synapse, decay, ahead, rule[0], rule[1])
        synapse[s, 1] += pre[source[s]] * _faded(fades[0], now - pre_seen[source[s]])


@njit(cache=True, nogil=True)
def _add_quanta(k: int, at: int, start: int, events: tuple, wires: tuple, state: tuple, rule: np.ndarray) -> int:
    """Spontaneous quanta of step ``k``; returns the place of the next one."""
    step_of, which, target, size = events[0], events[1], wires[2], wires[6]
    grow, shrink = rule[4], rule[5]
    while at < len(step_of) and step_of[at] == k:
        s = which[at]
        i = target[s]
        scale = math.exp(grow * (start + k + 1) - shrink * state[12][i]) if shrink > 0.0 else 1.0
        state[1][i] += size[s] * scale
        at += 1
    return at


@njit(cache=True, nogil=True)
def run(
    start: int, steps: int, wires: tuple, state: tuple, lift: np.ndarray, neuron: np.ndarray, tm: np.ndarray,
    rule: np.ndarray, fades: tuple, decay: np.ndarray, ahead: np.ndarray, delay: int, refractory: int, external: tuple,
    spontaneous: tuple, step_of: np.ndarray, who: np.ndarray, pending: int,
) -> tuple[int, int]:  # fmt: skip
    """Advance ``steps`` steps, writing spikes after the ``pending`` ones; returns their number and the steps made.

    ``external`` and ``spontaneous`` hold, sorted, the step (from 0) of each event and its neuron or synapse.
    """
    v, g_e, g_i, free, synapse, count = state[0], state[1], state[2], state[3], state[4], state[12]
    theta, reset, kick = neuron[5], neuron[6], neuron[7]
    spikes, frozen, arrived, at_x, at_s = pending, pending, 0, 0, 0
    held = np.nonzero(free > start)[0]
    for k in range(steps):
        _advance(v, g_e, g_i, lift, neuron)
        if k < refractory:  # whoever fired in the stretch before
            for h in held:
                v[h] = reset if start + k < free[h] else v[h]
        while frozen < spikes and step_of[frozen] + refractory <= k:
            frozen += 1
        for f in range(frozen, spikes):
            v[who[f]] = reset
        fired = spikes
        spikes = _note(k, v, theta, step_of, who, spikes)
        if spikes < 0:
            return fired, k
        while at_x < len(external[0]) and external[0][at_x] == k:
            g_e[external[1][at_x]] += kick
            at_x += 1
        at_s = _add_quanta(k, at_s, start, spontaneous, wires, state, rule)
        while arrived < fired and step_of[arrived] + delay == k:
            _arrive(who[arrived], k, start, wires, state, tm, rule, fades, decay, ahead)
            arrived += 1
        for f in range(fired, spikes):
            i = who[f]
            _fire(i, k, start, wires, state, rule, fades, decay, ahead)
            v[i], free[i] = reset, start + k + refractory
            count[i] += 1
    for s in range(len(synapse)):
        _settle(s, steps, synapse, decay, ahead, rule[0], rule[1])
        synapse[s, 2] = 0.0
    return spikes, steps
