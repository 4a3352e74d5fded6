"""The loop over time: delays in a ring buffer, edges by rows, one set of parameters or many side by side.

Arrays are flat over ``m = region * sets + set``; as many sets as fill a line of the cache are summed in ``_lanes``. For
one set the ring holds every slot twice, so that the address of an edge's delayed value is one constant plus one offset
a step. Everything a region does is in its node's file.

Loops count by unsigned numbers: where the sum of two indices might count from the end, a loop does not run on vector
units.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from interbrain.simulate.brains import _noise
from interbrain.simulate.brains._lanes import LINE, sums_of_one, sums_of_two
from interbrain.simulate.brains.nodes import hopf, jansen_rit, kuramoto, wilson_cowan
from interbrain.simulate.brains.nodes._functions import FAST, TILE, sines_cosines

KURAMOTO, HOPF, WILSON_COWAN, JANSEN_RIT = 0, 1, 2, 3


@njit(cache=True, error_model="numpy", fastmath=FAST)
def emit(kind, tile, state, parameters, ring, slot, slots, width, twice):  # type: ignore[no-untyped-def]
    """Write what regions send now into this slot, and into its copy where there is one."""
    here = slot * width
    if kind == KURAMOTO:
        sines_cosines(state[0], ring[0, here : here + width], ring[1, here : here + width])
    elif kind == JANSEN_RIT:
        jansen_rit.emit(tile, state, parameters, ring[0, here : here + width])
    else:
        for c in range(ring.shape[0]):
            for m in range(np.uint64(width)):
                ring[c, np.uint64(here) + m] = state[c, m]
    if twice:
        again = np.uint64((slot + slots) * width)
        for c in range(ring.shape[0]):
            for m in range(np.uint64(width)):
                ring[c, again + m] = ring[c, np.uint64(here) + m]


@njit(error_model="numpy", fastmath=FAST)
def _gather_one(ring, offset, starts, address, weight, coupling):  # type: ignore[no-untyped-def]
    """Weighted sums of what each region receives, for one set of parameters."""
    if ring.shape[0] == 2:
        first, second = ring[0], ring[1]
        for i in range(len(starts) - 1):
            x = weight[0] * 0
            y = weight[0] * 0
            for e in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
                at = np.uint64(address[e]) + offset
                x += weight[e] * first[at]
                y += weight[e] * second[at]
            coupling[0, i], coupling[1, i] = x, y
    else:
        only = ring[0]
        for i in range(len(starts) - 1):
            x = weight[0] * 0
            for e in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
                x += weight[e] * only[np.uint64(address[e]) + offset]
            coupling[0, i] = x


@njit(inline="always", error_model="numpy", fastmath=FAST)
def _around(at, length):  # type: ignore[no-untyped-def]
    return at - length if at >= length else at


@njit(error_model="numpy", fastmath=FAST)
def _gather_many(sent, offset, starts, address, weight, coupling):  # type: ignore[no-untyped-def]
    """The same for many sets side by side, one channel, four edges at a time; ``sent`` ``(slot and region, set)``."""
    length, sets = sent.shape
    for i in range(len(starts) - 1):
        into = coupling[i]
        into[:] = 0
        e, last = starts[i], starts[i + 1]
        while e + 4 <= last:
            u = sent[np.uint64(_around(address[e] + offset, length))]
            v = sent[np.uint64(_around(address[e + 1] + offset, length))]
            w = sent[np.uint64(_around(address[e + 2] + offset, length))]
            x = sent[np.uint64(_around(address[e + 3] + offset, length))]
            p, q, r, s = weight[e], weight[e + 1], weight[e + 2], weight[e + 3]
            for m in range(sets):
                into[m] += (p * u[m] + q * v[m]) + (r * w[m] + s * x[m])
            e += 4
        while e < last:
            p, u = weight[e], sent[np.uint64(_around(address[e] + offset, length))]
            for m in range(sets):
                into[m] += p * u[m]
            e += 1


@njit(error_model="numpy", fastmath=FAST)
def _gather_line(ring, now, starts, address, weight, coupling):  # type: ignore[no-untyped-def]
    """The same for as many sets as fill a line of the cache."""
    lanes = LINE // ring.itemsize
    length, far, apart = np.int64(ring.shape[1] // lanes), np.int64(ring.shape[1]), np.int64(coupling.shape[1])
    offset = np.int64(now // lanes)
    for i in range(len(starts) - 1):
        first, last, at = starts[i], starts[i + 1], np.int64(i * lanes)
        if ring.shape[0] == 2:
            sums_of_two(ring, far, offset, length, first, last, address, weight, coupling, at, apart)
        else:
            sums_of_one(ring, far, offset, length, first, last, address, weight, coupling, at, apart)


@njit(error_model="numpy", fastmath=FAST)
def _carry(ring, now, to, address, weight, sets, coupling):  # type: ignore[no-untyped-def]
    """Add what plastic edges bring."""
    for k in range(len(to)):
        i, at = np.uint64(to[k] * sets), np.uint64(_around(address[k] * sets + now, ring.shape[1]))
        for c in range(ring.shape[0]):
            for m in range(np.uint64(sets)):
                coupling[c, i + m] += weight[k, m] * ring[c, at + m]


@njit(error_model="numpy", fastmath=FAST)
def _learn(kind, ring, now, to, source, address, weight, sets, rule, dt, mean, spread, received):  # type: ignore[no-untyped-def]
    """``rule`` ``(4, set)``: rate, target, floor, ceiling."""
    for k in range(len(to)):
        i, j, at = (
            np.uint64(to[k] * sets),
            np.uint64(source[k] * sets),
            np.uint64(_around(address[k] * sets + now, ring.shape[1])),
        )
        own = np.uint64(now) + i
        for m in range(np.uint64(sets)):
            x, own_x = ring[0, at + m], ring[0, own + m]
            if ring.shape[0] == 2:
                y, own_y = ring[1, at + m], ring[1, own + m]
                likeness = float(x * own_x + y * own_y)
                if kind == HOPF:
                    likeness /= np.sqrt((x * x + y * y) * (own_x * own_x + own_y * own_y)) + 1e-30
            else:
                likeness = (x - mean[j + m]) * (own_x - mean[i + m])
                likeness /= np.sqrt(spread[j + m] * spread[i + m]) + 1e-30
            old = weight[k, m]
            new = old + dt * rule[0, m] * (rule[1, m] * likeness - old)
            new = min(max(new, rule[2, m]), rule[3, m])
            weight[k, m] = new
            received[i + m] += new - old


@njit(error_model="numpy", fastmath=FAST)
def _step(kind, tile, state, ring, now, width, received, coupling, parameters, varies, dt, kicks):  # type: ignore[no-untyped-def]
    if kind == KURAMOTO:
        kuramoto.advance(state, ring[0, now : now + width], ring[1, now : now + width], coupling, parameters, dt, kicks)
    elif kind == HOPF:
        hopf.advance(state, received, coupling, parameters, dt, kicks)
    elif kind == WILSON_COWAN:
        wilson_cowan.advance(tile, state, coupling, parameters, varies, dt, kicks)
    else:
        jansen_rit.advance(tile, state, ring[0, now : now + width], coupling, parameters, varies, dt, kicks)


@njit(error_model="numpy", fastmath=FAST)
def _slow(kind, ring, now, width, coupling, received, share, envelope):  # type: ignore[no-untyped-def]
    """Slow envelope: coherence of what reaches an oscillator; amplitude; activity."""
    now = np.uint64(now)
    for m in range(np.uint64(width)):
        if kind == KURAMOTO:
            raw = np.sqrt(coupling[0, m] ** 2 + coupling[1, m] ** 2) / (abs(received[m]) + 1e-30)
        elif kind == HOPF:
            raw = np.sqrt(ring[0, now + m] ** 2 + ring[1, now + m] ** 2)
        else:
            raw = ring[0, now + m]
        envelope[m] += share * (raw - envelope[m])


@njit(error_model="numpy", fastmath=FAST)
def _follow(ring, now, width, share, mean, spread):  # type: ignore[no-untyped-def]
    """Running mean and variance of activity, for the rule of rates."""
    now = np.uint64(now)
    for m in range(np.uint64(width)):
        off = ring[0, now + m] - mean[m]
        mean[m] += share * off
        spread[m] += share * (off * off - spread[m])


@njit(error_model="numpy", fastmath=FAST)
def _field(kind, ring, now, group, sets, counts, out):  # type: ignore[no-untyped-def]
    """Mean of ``exp(i phase)`` over each group of regions: ``out`` ``(group, set)``, complex."""
    out[:] = 0
    for n in range(len(group)):
        for m in range(sets):
            x, y = ring[0, now + n * sets + m], ring[1, now + n * sets + m]
            if kind == KURAMOTO:
                out[group[n], m] += complex(y, x) / counts[group[n]]
            else:
                out[group[n], m] += complex(x, y) / ((np.sqrt(x * x + y * y) + 1e-30) * counts[group[n]])


@njit(error_model="numpy", fastmath=FAST)
def _show(kind, state, out):  # type: ignore[no-untyped-def]
    for m in range(state.shape[1]):
        out[m] = state[1, m] - state[2, m] if kind == JANSEN_RIT else state[0, m]


@njit(error_model="numpy", fastmath=FAST)
def _sound(state):  # type: ignore[no-untyped-def]
    for v in range(state.shape[0]):
        for m in range(state.shape[1]):
            if not abs(state[v, m]) < 1e12:
                return False
    return True


@njit(error_model="numpy", fastmath=FAST)
def _ever(rule):  # type: ignore[no-untyped-def]
    """Whether any set's weights can change: a rate, or bounds that may hold them."""
    return np.any(rule[0] != 0) or np.any(rule[2] > -np.inf) or np.any(rule[3] < np.inf)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def run(  # type: ignore[no-untyped-def]
    kind, sets, first, steps, dt, state, parameters, varies, ring, slots, starts, address, weight, received,
    plastic_to, plastic_from, plastic_address, plastic_weight, rule, mean, spread, follow_share,
    rows, envelope, envelope_share, group, counts, every, fields, signals, envelopes, weights,
):  # fmt: skip
    """Advance ``steps`` steps and fill the records at steps that ``every`` divides.

    Returns the step at which something is no number, or -1. Empty records (first axis 0) are not filled.
    """
    width, two = state.shape[1], ring.shape[0] == 2
    coupling = np.zeros((ring.shape[0], width), dtype=ring.dtype)
    drawn = np.zeros(2 * rows.shape[1], dtype=np.float32)
    words = np.zeros(rows.shape[1], dtype=np.uint32)
    tile = np.ones(20 * TILE, dtype=ring.dtype)
    kicks = drawn[: (len(drawn) // width) * width].reshape(-1, width)
    noisy = rows.shape[1] > 0
    learns = len(plastic_to) > 0 and _ever(rule)
    if not noisy:
        kicks = np.zeros((2, width), dtype=np.float32)
    for t in range(first, first + steps):
        slot = t & (slots - 1)
        now = slot * width
        emit(kind, tile, state, parameters, ring, slot, slots, width, sets == 1)
        if t % every == 0:
            if not _sound(state):
                return t
            at = (t - first) // every
            if len(signals):
                _show(kind, state, signals[at])
            if len(envelopes):
                envelopes[at] = envelope
            if len(weights):
                weights[at] = plastic_weight
            if len(fields):
                _field(kind, ring, now, group, sets, counts, fields[at])
        if sets == 1:
            _gather_one(ring, np.uint64(now), starts, address, weight, coupling)
        elif sets * ring.itemsize == LINE:
            _gather_line(ring, now, starts, address, weight, coupling)
        else:
            for c in range(ring.shape[0]):
                sent, into = ring[c].reshape(-1, sets), coupling[c].reshape(-1, sets)
                _gather_many(sent, now // sets, starts, address, weight, into)
        if len(plastic_to):
            if not two:
                _follow(ring, now, width, follow_share, mean, spread)
            _carry(ring, now, plastic_to, plastic_address, plastic_weight, sets, coupling)
        if len(envelopes):
            _slow(kind, ring, now, width, coupling, received, envelope_share, envelope)
        if noisy:
            _noise.fill(drawn, t, rows, words)
        _step(kind, tile, state, ring, now, width, received, coupling, parameters, varies, dt, kicks)
        if learns:
            _learn(kind, ring, now, plastic_to, plastic_from, plastic_address, plastic_weight, sets, rule, dt, mean,
                   spread, received)  # fmt: skip
    return -1 if _sound(state) else first + steps
