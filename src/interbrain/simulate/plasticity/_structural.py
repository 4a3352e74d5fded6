"""Growth and pruning: rates between updates, and who meets or parts at an update."""

from __future__ import annotations

import numpy as np
from numba import njit

AXON, FROM_EXCITATORY, FROM_INHIBITORY = 0, 1, 2
"""Elements of a neuron: boutons, spines for excitatory and for inhibitory axons."""


def growth(
    rule: str, calcium: np.ndarray, nu: np.ndarray, eta: np.ndarray, epsilon: np.ndarray, psi: np.ndarray
) -> np.ndarray:
    """dz/dt, elements a second; arguments broadcast."""
    if rule == "linear":
        return np.asarray(nu * (1.0 - calcium / epsilon))
    if rule == "sigmoid":
        return np.asarray(nu * (2.0 / (1.0 + np.exp((calcium - epsilon) / psi)) - 1.0))
    zeta = (epsilon - eta) / (2.0 * np.sqrt(np.log(2.0)))
    return np.asarray(nu * (2.0 * np.exp(-(((calcium - (eta + epsilon) / 2.0) / zeta) ** 2)) - 1.0))


@njit(cache=True, nogil=True)
def settle(
    rate: np.ndarray, calcium: np.ndarray, drive: np.ndarray, joined: np.ndarray, sign: np.ndarray, cell: np.ndarray,
    dt: float, steps: int,
) -> None:  # fmt: skip
    """Rates follow what reaches them, calcium follows rates: exact for inputs that stay as they are during ``dt`` s."""
    most, beta, tau_calcium = cell[0], cell[2], cell[3]
    nearer, fade = 1.0 - np.exp(-dt / cell[1]), np.exp(-dt / tau_calcium)
    n = len(rate)
    inputs, sent = np.empty(n), np.empty(n)
    for _ in range(steps):
        for j in range(n):
            sent[j] = sign[j] * rate[j]
        for i in range(n):
            x = drive[i]
            for j in range(n):
                x += joined[i, j] * sent[j]
            inputs[i] = min(max(x, 0.0), most)
        for i in range(n):
            rate[i] += nearer * (inputs[i] - rate[i])
            calcium[i] = calcium[i] * fade + beta * rate[i] * tau_calcium * (1.0 - fade)


def prune(z: np.ndarray, joined: np.ndarray, bound: np.ndarray, n_e: int, random: np.random.Generator) -> int:
    """Break as many synapses as elements are missing, chosen alike; the partners' elements fall vacant."""
    broken = 0
    for i, kind in np.argwhere(bound > np.floor(z)):
        excites = kind == FROM_EXCITATORY or (kind == AXON and i < n_e)
        spine = FROM_EXCITATORY if excites else FROM_INHIBITORY
        own = joined[:, i] if kind == AXON else joined[i, :n_e] if excites else joined[i, n_e:]
        partners = np.repeat(np.arange(len(own)), own.astype(int))
        surplus = min(len(partners), int(bound[i, kind] - np.floor(z[i, kind])))  # earlier breaks may have done it
        for partner in random.choice(partners, surplus, replace=False) if surplus > 0 else ():
            offset = 0 if kind == AXON or excites else n_e
            sender, receiver = (i, partner) if kind == AXON else (partner + offset, i)
            joined[receiver, sender] -= 1
            bound[sender, AXON] -= 1
            bound[receiver, spine] -= 1
            broken += 1
    return broken


def meet(z: np.ndarray, joined: np.ndarray, bound: np.ndarray, n_e: int, random: np.random.Generator) -> int:
    """Pair vacant boutons with vacant spines of their kind at random; nobody joins itself."""
    vacant = np.maximum(np.floor(z) - bound, 0).astype(int)
    made, n = 0, len(z)
    for spine, axons in ((FROM_EXCITATORY, np.arange(n) < n_e), (FROM_INHIBITORY, np.arange(n) >= n_e)):
        senders = random.permutation(np.repeat(np.arange(n), np.where(axons, vacant[:, AXON], 0)))
        receivers = random.permutation(np.repeat(np.arange(n), vacant[:, spine]))
        pairs = min(len(senders), len(receivers))
        senders, receivers = senders[:pairs], receivers[:pairs]
        others = senders != receivers
        senders, receivers = senders[others], receivers[others]
        np.add.at(joined, (receivers, senders), 1)
        np.add.at(bound, (senders, AXON), 1)
        np.add.at(bound, (receivers, spine), 1)
        made += len(senders)
    return made
