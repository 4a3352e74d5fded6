"""tvb-kernels' side of T3: its compiled delayed coupling for many dyads, Jansen–Rit columns around it in NumPy.

The published package has no node models, and its own Python classes name functions that it does not bring; the compiled
coupling itself is there and is called through ctypes.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import scipy.sparse
import tvb_kernels._nanobound

from bench._task import Built, Step
from bench.simulation import NOISE, Problem, compare

TOGETHER, PART = 96, 0.2
_FLOATS, _WORDS = ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_uint32)


class _Heard(ctypes.Structure):
    _fields_ = [
        ("cx1", _FLOATS),
        ("cx2", _FLOATS),
        ("buf", _FLOATS),
        ("nodes", ctypes.c_uint32),
        ("times", ctypes.c_uint32),
    ]


class _Joined(ctypes.Structure):
    _fields_ = [
        ("nodes", ctypes.c_int), ("edges", ctypes.c_int), ("variables", ctypes.c_int), ("weights", _FLOATS),
        ("indices", _WORDS), ("starts", _WORDS), ("delays", _WORDS),
    ]  # fmt: skip


class Columns:
    """Jansen–Rit columns of some dyads, single precision; ms and mV."""

    def __init__(self, problem: Problem, gains: np.ndarray) -> None:
        weights, lengths = problem.tables()
        self.dt, self.gain = np.float32(1000 * problem.dt), np.asarray(gains, np.float32)[:, None]
        self.n, self.sets = problem.n, len(gains)
        table = scipy.sparse.csr_matrix(weights)
        lags = np.rint(lengths[np.repeat(np.arange(self.n), np.diff(table.indptr)), table.indices] / 10 / self.dt)
        self.times = 1 << int(lags.max()).bit_length()
        self.tables = [table.data.astype("f4"), *(x.astype("u4") for x in (table.indices, table.indptr, lags))]
        pointers = [x.ctypes.data_as(_FLOATS if x.dtype == "f4" else _WORDS) for x in self.tables]
        self.joined = _Joined(self.n, len(table.data), 1, *pointers)
        self.state = np.repeat(problem.start().astype("f4")[:, None], self.sets, axis=1)
        self.ring = np.empty((self.sets, self.n, self.times), "f4")
        self.ring[:] = _firing(self.state[1] - self.state[2])[:, :, None]
        self.sums = np.zeros((2, self.sets, self.n), "f4")
        self.heard = [_Heard(*(x.ctypes.data_as(_FLOATS) for x in (*self.sums[:, k], self.ring[k])), self.n, self.times)
                      for k in range(self.sets)]  # fmt: skip
        self.add = ctypes.CDLL(tvb_kernels._nanobound.__file__).tvbk_cx_i

    def step(self, t: int, kick: Any) -> None:
        self.ring[:, :, t & (self.times - 1)] = _firing(self.state[1] - self.state[2])
        self.sums[:] = 0
        for heard in self.heard:
            self.add(ctypes.byref(heard), ctypes.byref(self.joined), t)
        pull = np.float32(0.15) + self.gain * self.sums[0]
        first = _slopes(self.state, pull)
        guess = self.state + self.dt * first
        guess[4] += kick
        self.state = self.state + self.dt / 2 * (first + _slopes(guess, pull))
        self.state[4] += kick


def _firing(potential: np.ndarray) -> np.ndarray:
    """1/ms."""
    return np.float32(0.005) / (1 + np.exp(np.float32(0.56) * (6 - potential)))


def _slopes(y: np.ndarray, pull: np.ndarray) -> np.ndarray:
    a, b, height, depth, contacts = (np.float32(x) for x in (0.1, 0.05, 3.25, 22.0, 135.0))
    out = np.empty_like(y)
    out[:3] = y[3:]
    out[3] = height * a * _firing(y[1] - y[2]) - 2 * a * y[3] - a * a * y[0]
    out[4] = height * a * (pull + np.float32(0.8) * contacts * _firing(contacts * y[0])) - 2 * a * y[4] - a * a * y[1]
    quarter = np.float32(0.25) * contacts
    out[5] = depth * b * quarter * _firing(quarter * y[0]) - 2 * b * y[5] - b * b * y[2]
    return out


def build(problem: Problem) -> Built:
    size = 3.25 * 100 * NOISE / 1000 / np.sqrt(1000) * np.sqrt(1000 * problem.dt)

    def run(columns: Columns, seconds: float, noisy: bool, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        seen = []
        for t in range(round(seconds / problem.dt)):
            shape = (columns.sets, columns.n)
            columns.step(t, np.float32(size) * random.standard_normal(shape, np.float32) if noisy else np.float32(0))
            seen.append(columns.state[1, 0] - columns.state[2, 0])
        return np.array(seen, dtype=float)

    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        return run(Columns(problem, problem.coupling[:1]), seconds, noisy, seed)

    together = min(TOGETHER, problem.sets)
    part = min(PART, problem.duration)

    def many() -> None:
        run(Columns(problem, problem.coupling[:together]), part, True, 0)

    return compare(problem, simulate, part, Step(many, problem.sets / together * problem.duration / part))
