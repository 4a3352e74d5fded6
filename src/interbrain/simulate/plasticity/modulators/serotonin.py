"""Serotonin: what 5-HT1A receptors, of which therapy may make more, do to stress or to plasticity."""

from __future__ import annotations

from dataclasses import dataclass

from interbrain.simulate._checked import all_within
from interbrain.simulate.plasticity.modulators._gate import Gate

GATE = Gate(
    "serotonin",
    "how strongly stress is felt (5-HT1A), or how much plasticity is allowed (rival)",
    "D",
    "Brief psychotherapy raised 5-HT1A binding in depression (one randomised PET letter); what binding does to "
    "plasticity is a hypothesis about two receptors.",
    "Binding is not the level of serotonin; its size is not known to us; in post-traumatic stress binding was higher "
    "than in healthy people, and in depression findings go both ways.",
    ("10.1017/S0033291709991607", "10.1177/0269881117725915", "10.1002/da.22019"),
)


@dataclass(frozen=True)
class Serotonin:
    """5-HT1A ``binding`` relative to before therapy (0 to 10), and the two rivals about what it does.

    ``buffering`` (0 to 10): felt stress = stress/(1 + buffering·(binding − 1)); ``permissive`` (0 to 10): plasticity
    times 1 + permissive·(binding − 1). ``growth`` is the share by which a session of therapy raises binding (-1 to 1).
    """

    binding: float = 1.0
    buffering: float = 1.0
    permissive: float = 0.0
    growth: float = 0.0

    def __post_init__(self) -> None:
        all_within(self, binding=(0, 10), buffering=(0, 10), permissive=(0, 10), growth=(-1, 1))

    def after(self, sessions: int) -> Serotonin:
        """The same system after some sessions of therapy."""
        grown = min(self.binding * (1 + self.growth) ** sessions, 10.0)
        return Serotonin(grown, self.buffering, self.permissive, self.growth)

    def felt(self, stress: float) -> float:
        return stress / max(1 + self.buffering * (self.binding - 1), 0.1)

    def gain(self) -> float:
        return max(1 + self.permissive * (self.binding - 1), 0.0)
