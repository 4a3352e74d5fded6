"""Oxytocin: gain on a partner's behaviour that depends on context, tried on two people who tap together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, within
from interbrain.simulate.plasticity.modulators._gate import Gate

GATE = Gate(
    "oxytocin",
    "gain on a partner's behaviour where the partner is a person who does not respond",
    "B",
    "Given to both tappers, it improved synchrony with an unresponsive partner.",
    "No effect with a metronome or in mutual adaptation; the authors saw less variability rather than more "
    "correction; in another study an effect on brains in coordination only, in men.",
    ("10.1038/srep38416",),
)


@dataclass(frozen=True)
class Oxytocin:
    """Context-dependent social gain.

    Parameters
    ----------
    level
        0 none (placebo) to 1 (a dose), at most 10.
    strength
        What a full dose adds, relative, where context lets it: 0 to 10.
    acts_on
        ``"correction"``: one's correction is multiplied; ``"variability"``: one's timing noise is divided.
    context
        ``"social"``: only towards a person, and the less the more that person responds; ``"plain"`` (rival): always.
    """

    level: float = 0.0
    strength: float = 1.0
    acts_on: Literal["correction", "variability"] = "correction"
    context: Literal["social", "plain"] = "social"

    def __post_init__(self) -> None:
        all_within(self, level=(0, 10), strength=(0, 10))
        for name, allowed in (("acts_on", ("correction", "variability")), ("context", ("social", "plain"))):
            if getattr(self, name) not in allowed:
                raise BadInput(
                    f"Oxytocin: {name} is {getattr(self, name)!r}; it must be {' or '.join(map(repr, allowed))}"
                )

    def gain(self, responsiveness: float, person: bool = True) -> float:
        """Factor for one's partner: ``responsiveness`` in [0, 1] is how far the partner adapts; 1 without oxytocin."""
        within("Oxytocin", "responsiveness", responsiveness, 0, 1)
        open_to = 1.0 if self.context == "plain" else (1.0 - responsiveness) * person
        return 1.0 + self.strength * self.level * open_to


@dataclass(frozen=True)
class Tapping:
    """Two tappers (or one and a metronome) who correct a share of their last asynchrony (Vorberg & Wing).

    A' = (1 − a − b)·A + own noise − partner's noise; ``correction`` a (follower) and ``partner`` b (0: the partner
    leads and does not respond) in [0, 2); timing noise of each in ms; ``person`` False is a metronome: no noise of its
    own and no response.
    """

    correction: float = 0.35
    partner: float = 0.0
    noise: float = 20.0
    person: bool = True

    def __post_init__(self) -> None:
        all_within(self, correction=(0, 1.999), partner=(0, 1.999), noise=(0, 1e4))
        if not self.person and self.partner:
            raise BadInput(f"Tapping: partner is {self.partner} and person False; a metronome does not respond")

    def under(self, oxytocin: Oxytocin) -> tuple[float, float, float, float]:
        """Corrections (own, partner's) and noises (own, partner's) of a pair that both received oxytocin.

        Each is sensitive to how far the other responds (full response is a correction as large as 1); a partner who
        leads does not attend and so is not changed.
        """
        gain = oxytocin.gain(min(self.partner, 1.0), self.person)
        partners = oxytocin.gain(min(self.correction, 1.0), self.person) if self.partner else 1.0
        own, other = self.noise, self.noise if self.person else 0.0
        if oxytocin.acts_on == "variability":
            return self.correction, self.partner, own / gain, other / partners
        return self.correction * gain, self.partner * partners, own, other

    def asynchrony_sd(self, oxytocin: Oxytocin | None = None) -> float:
        """SD of the asynchrony in the long run, ms, exact."""
        a, b, own, other = self.under(oxytocin or Oxytocin())
        keep = 1 - a - b
        if abs(keep) >= 1:
            raise BadInput(f"Tapping: corrections of {a:g} and {b:g} do not settle; their sum must lie between 0 and 2")
        return math.sqrt((own**2 + other**2) / (1 - keep**2))


def tap(tapping: Tapping, oxytocin: Oxytocin, taps: int, seed: int) -> np.ndarray:
    """Asynchronies (taps,) in ms, the follower's tap less the partner's."""
    if taps < 1:
        raise BadInput(f"taps is {taps}; at least one is needed")
    a, b, own, other = tapping.under(oxytocin)
    tapping.asynchrony_sd(oxytocin)  # refuses corrections that do not settle
    random = stream(seed, "tapping")
    pushed = own * random.standard_normal(taps) - other * random.standard_normal(taps)
    return _taps(1 - a - b, pushed)


@njit(cache=True, nogil=True)
def _taps(keep: float, pushed: np.ndarray) -> np.ndarray:
    out, last = np.empty(len(pushed)), 0.0
    for t in range(len(pushed)):
        last = keep * last + pushed[t]
        out[t] = last
    return out
