"""How gains on the other's behaviour change from beat to beat while people meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

BEAT_S = 2.0
"""Gains and who speaks are held for a beat, s."""


class Gains:
    """Both parts of everybody's gains, and what is expected; the rule stands in ``dyad``.

    Parameters
    ----------
    own, between
        ``(pair, receiver, channel)``: each person's part and the pair's.
    expected
        ``(pair, receiver)``: synchrony that each has come to expect here.
    rules
        A ``dyad.Learning`` for each pair.
    """

    def __init__(self, own: np.ndarray, between: np.ndarray, expected: np.ndarray, rules: Sequence[Any]) -> None:
        self.own, self.between, self.expected = own, between, expected
        rate = np.array([rule.rate * rule.gate for rule in rules])
        self.rate = np.stack([rate, rate * [rule.second for rule in rules]], axis=1)
        names = ("target", "generalises", "surprise", "critic")
        columns = np.array([[getattr(rule, name) for name in names] for rule in rules])
        self.target, self.share, self.surprise, self.critic = columns.T[:, :, None]

    @property
    def total(self) -> np.ndarray:
        return np.asarray(self.own + self.between)

    def learn(self, likeness: np.ndarray, opened: np.ndarray) -> None:
        """One beat: each open channel's gain towards what its likeness builds, not below 0."""
        some = opened.any(axis=2)
        felt = np.where(opened, likeness, 0.0).sum(axis=2) / np.maximum(opened.sum(axis=2), 1)
        error = np.where(some, felt - self.expected, 0.0)
        third = np.maximum(1 + self.surprise * error, 0.0)
        self.expected = self.expected + self.critic * error
        pace = (self.rate * third * BEAT_S)[:, :, None]
        step = np.where(opened, pace * (self.target[:, :, None] * likeness - self.total), 0.0)
        step = np.maximum(step, -self.total)
        share = self.share[:, :, None]
        self.own, self.between = self.own + share * step, self.between + (1 - share) * step
