"""What a simulation is made of, with every default; TOML on disk (``interbrain simulate OUT --plan sim.toml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from interbrain.data.errors import BadInput
from interbrain.data.toml import read_toml, sentences


class Simulation(BaseModel):
    """A course of therapy: who meets, how coupling grows, and how it is recorded.

    ``coupling`` is the share of variance of the planted regions' haemodynamic source that patient and therapist have
    in common during the task, in the first session; it grows by ``growth`` a session, plus each dyad's own deviations
    (``dyad_sd`` in level, ``growth_sd`` in growth, ``session_sd`` from session to session) and is kept in [0, 0.95]. At
    rest it is 0. Symptoms after a session follow its coupling. Times in s, rate in Hz.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = Field(20260101, ge=0)
    patients: int = Field(8, ge=1, le=500)
    therapists: int = Field(1, ge=1)
    sessions: int = Field(6, ge=1, le=60)
    missing: float = Field(1 / 3, ge=0, le=0.6, description="share of sessions without a recording")
    rate: float = Field(5.0, ge=3.2)
    rest_s: float = Field(120.0, ge=60)
    task_s: tuple[float, float] = Field((360.0, 480.0), description="shortest and longest task")
    regions: tuple[str, ...] = ("lIFG", "rIFG", "lTPJ", "rTPJ")
    channels_per_region: int = Field(2, ge=1, le=8)
    planted: tuple[str, str] | None = Field(("rTPJ", "rTPJ"), description="regions of patient and therapist")
    coupling: float = Field(0.15, ge=0, le=0.95)
    growth: float = Field(0.13, ge=-0.5, le=0.5)
    dyad_sd: float = Field(0.05, ge=0)
    session_sd: float = Field(0.03, ge=0)
    growth_sd: float = Field(0.015, ge=0)
    lag_s: float = Field(1.0, ge=0, le=5, description="the patient leads by this much")
    channel_noise: float = Field(0.25, ge=0, description="SD of a channel's own slow noise; the source's is 1")
    artefacts_per_minute: float = Field(0.3, ge=0)
    symptom_effect: float = Field(14.0, description="points of the symptom score per unit of coupling, downwards")
    symptom_trend: float = Field(0.1, description="points a session, downwards, whatever the coupling")
    symptom_sd: float = Field(0.5, ge=0, description="what the score has of its own, in points")

    @model_validator(mode="after")
    def _sensible(self) -> Simulation:
        if self.task_s[0] > self.task_s[1] or self.task_s[0] < 60:
            raise ValueError(f"task_s is {self.task_s}; the shortest must be at least 60 and not above the longest")
        if self.planted and (unknown := set(self.planted) - set(self.regions)):
            raise ValueError(f"planted names {sorted(unknown)}; regions are {', '.join(self.regions)}")
        return self


def simulation_from(content: dict[str, Any], source: str = "simulation") -> Simulation:
    """Validate; one error lists everything that is wrong."""
    try:
        return Simulation.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"{source} is not a valid simulation:\n{sentences(error, Simulation, {}, content)}") from error


def read_simulation(path: Path) -> Simulation:
    """Read ``sim.toml``."""
    return simulation_from(read_toml(path), str(path))
