"""What a simulated course of therapy is made of, with every default; changed by name, or with a mechanism taken out.

A default is a choice of this project unless its description names a source. Which were set after looking at results is
said in ``docs/model/therapy.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from interbrain.data.allowed import close_to
from interbrain.data.errors import BadInput
from interbrain.data.toml import read_toml, sentences
from interbrain.simulate.courses.therapies import therapy
from interbrain.simulate.dyads._behaviour import CHANNELS, PORTS

Three = tuple[float, float, float]
Phases = float | Three | None
CONDITIONS = ("trust", "stress", "emotion_with_cognition")


class Course(BaseModel):
    """Many dyads in one therapy. Times in days unless said otherwise; gains in rad/s.

    ``emotion``, ``cognition``, ``stress`` and ``scaffold`` take the therapy's profile unless given: one number is the
    middle of a session (``scaffold``: all of it), three are opening, middle, integration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = Field(20260101, ge=0)
    therapy: str = Field("cbt", description="see: interbrain therapies")
    dyads: int = Field(20, ge=1, le=100_000)

    sessions: int = Field(12, ge=1, le=200)
    days_between: float = Field(7.0, gt=0, le=365)
    gaps: tuple[tuple[int, float], ...] = Field((), description="(after session, further days without one)")
    follow_up_days: float = Field(90.0, gt=0, le=3650, description="from the last session to the follow-up")
    seconds: float = Field(90.0, ge=6, le=3600, description="simulated for a session: time is compressed")
    minutes: float = Field(50.0, gt=0, le=600, description="that these stand for, as stress counts time")
    regions: int = Field(24, ge=2 * PORTS * len(CHANNELS), le=200, description="of each brain, an even number")
    measured: bool = Field(True, description="conversations are measured before, after and at follow-up")
    dropout: float = Field(0.02, ge=0, le=1, description="hazard a session at trust 1/2 and no progress")

    experience: float = Field(0.6, ge=0, le=1, description="of therapists: 0 novice, 1 expert; sets their gain")
    flexibility: float = Field(
        0.6, ge=0, le=1, description="of therapists: how far they adapt; fewer ruptures, repairs"
    )
    therapist_gain: tuple[float, float] = Field((0.4, 1.2), description="of a novice and of an expert, each channel")
    patient_gain: float = Field(0.2, ge=0, le=100, description="median at the start, each channel")
    stranger_gain: float = Field(0.4, ge=0, le=100, description="of the stranger whom patients meet for a measurement")
    healthy_gain: float = Field(1.5, gt=0, le=100, description="at which relational capacity counts as whole")
    gain_spread: float = Field(0.3, ge=0, le=2, description="SD over people of the logarithm of gains")
    rhythm_hz: float = Field(1.0, ge=0.1, le=4, description="mean rhythm of everybody")
    rhythm_sd: float = Field(0.05, ge=0, le=0.5, description="SD of people's mean rhythms, Hz")
    day_sd: float = Field(0.02, ge=0, le=0.5, description="SD of a day's rhythm from a person's mean, Hz")
    spread: float = Field(0.12, ge=0, le=1, description="SD of regions' rhythms inside a brain, Hz")
    noise: float = Field(0.8, ge=0, le=10, description="of each region, rad/sqrt(s)")
    coupling: float = Field(3.0, gt=0, le=1000, description="inside a flexible brain, rad/s: where metastability peaks")
    rigidity: float = Field(
        1.0, ge=-3, le=3, description="of patients at the start: ln of their coupling over that one"
    )
    rigidity_sd: float = Field(0.25, ge=0, le=2, description="SD of it over patients")

    trust: float = Field(0.3, ge=0, le=1, description="at the start")
    builds_trust: bool = Field(True, description="experienced synchrony raises trust")
    trust_rate: float = Field(0.6, ge=0, le=10, description="a session of full synchrony and safety")
    trust_days: float = Field(365.0, gt=0, description="in which trust returns to its start e-fold")
    gated_by: tuple[str, ...] = Field(CONDITIONS, description="conditions of which learning depends on; rival: without")
    stress_best: float = Field(0.4, ge=0.01, le=10, description="brief stress at which plasticity is greatest")
    stress_shape: Literal["inverted_u", "falling"] = "inverted_u"
    stress_hours: float = Field(24.0, ge=0, description="for which stress lasts after a session without trust")
    serotonin_growth: float = Field(0.01, ge=-0.5, le=0.5, description="of 5-HT1A binding a session; size unknown")
    serotonin_buffering: float = Field(1.0, ge=0, le=10, description="binding lowers felt stress")
    serotonin_permissive: float = Field(0.0, ge=0, le=10, description="rival: binding raises plasticity")
    together: bool = Field(True, description="emotion and cognition are active at the same time")
    togetherness: Literal["product", "sum"] = Field("product", description="how they join; rival: sum")
    apart: float = Field(0.2, ge=0, le=1, description="plasticity where they are not active together")
    oxytocin: float = Field(0.5, ge=0, le=10, description="level at trust 1")
    oxytocin_context: Literal["social", "plain"] = Field("social", description="rival: plain")
    dopamine: float = Field(1.0, ge=0, le=10, description="how strongly surprise by synchrony is learnt from")
    critic: float = Field(0.05, ge=0, le=1, description="share of the error that expectation takes each 2 s")

    learning: float = Field(0.02, ge=0, le=1, description="rate of gains in a session, 1/s, with all gates at 1")
    target: float = Field(4.0, ge=0, le=100, description="gain that perfect synchrony builds")
    therapist_learns: float = Field(0.1, ge=0, le=1, description="the therapist's rate over the patient's")
    generalises: float = Field(0.5, ge=0, le=1, description="share of a change that the patient takes to everybody")
    narrative: float | None = Field(None, ge=0, le=1, description="absent, the therapy's own")
    practice: float | None = Field(None, ge=0, le=1, description="absent, the therapy's own")
    safety: float | None = Field(None, ge=0, le=1, description="absent, the therapy's own")
    emotion: Phases = None
    cognition: Phases = None
    stress: Phases = None
    scaffold: Phases = None
    shut: tuple[str, ...] = Field((), description="channels that are closed")
    bound: float = Field(0.3, ge=0, le=1, description="share of a session's change that lasts without narrative")
    narrative_binds: bool = Field(True, description="a narrative made together makes more of it last; rival: no")
    practice_binds: float = Field(0.3, ge=0, le=1, description="share of the rest that full practice makes last")
    fades_days: float = Field(3.0, gt=0, description="in which what does not last fades e-fold")
    lasts_days: float = Field(365.0, gt=0, description="in which what lasts fades e-fold")

    two_sites: bool = Field(True, description="what grows and what is held have sites of their own; rival: one site")
    homeostasis: bool = Field(True, description="scaling holds activity")
    homeostasis_days: float = Field(4.0, gt=0, description="in which scaling changes e-fold when activity is absent")
    reach: float = Field(0.0, ge=0, le=1, description="how far scaling reaches evoked gains too; rival: 1")
    evoked_share: float = Field(0.6, ge=0, le=1, description="of evoked activity in what the homeostat senses")
    balance: float = Field(0.8, ge=0, le=1, description="share of evoked growth that inhibition follows")

    structural: bool = Field(True, description="the patient's own brain changes: coupling and edges")
    loosening: float = Field(0.25, ge=0, le=5, description="of rigidity a session, times the gates of its middle")
    relapse_days: float = Field(730.0, gt=0, description="in which rigidity returns e-fold")
    edge_rate: float = Field(0.5, ge=0, le=10, description="of edges' strengthening a session, times the gates")
    prune: float = Field(0.1, ge=0, le=1, description="edges below this share of the mean edge are lost")

    ruptures: float = Field(0.5, ge=0, le=1, description="hazard a session without trust or flexibility, at stress 1")
    repairs: float = Field(0.8, ge=0, le=1, description="chance of a flexible expert to repair a rupture")
    rupture_drop: float = Field(0.3, ge=0, le=1, description="share of trust lost")
    repair_gain: float = Field(0.15, ge=0, le=1, description="share of what lacks to full trust won beyond")
    withdrawal: float = Field(0.4, ge=0, le=1, description="what both still show of themselves in a rupture")

    symptoms_days: float = Field(28.0, gt=0, description="in which symptoms follow e-fold what maintains them")
    from_rigidity: float = Field(0.8, ge=0, le=10, description="severity at rigidity 1")
    from_capacity: float = Field(1.2, ge=0, le=10, description="severity without relational capacity")
    capacity_of: Literal["person", "total"] = Field("person", description="gains that count; rival: with the pair's")
    severity_sd: float = Field(0.4, ge=0, le=5, description="SD over patients of what maintains symptoms otherwise")
    crisis: float = Field(0.4, ge=0, le=5, description="severity above one's usual when help is sought")
    life_sd: float = Field(0.3, ge=0, le=5, description="SD of severity that life brings")

    @field_validator("therapy")
    @classmethod
    def _known(cls, name: str) -> str:
        return therapy(name).name

    @model_validator(mode="after")
    def _sensible(self) -> Course:
        if self.regions % 2:
            raise ValueError(f"regions is {self.regions}; two hemispheres need an even number")
        if unknown := set(self.shut) - set(CHANNELS):
            raise ValueError(f"shut names {sorted(unknown)}; channels are {', '.join(CHANNELS)}")
        if unknown := set(self.gated_by) - set(CONDITIONS):
            raise ValueError(f"gated_by names {sorted(unknown)}; allowed are {', '.join(CONDITIONS)}")
        for after, days in self.gaps:
            if not (1 <= after < self.sessions and 0 <= days <= 3650):
                raise ValueError(
                    f"gaps has ({after}, {days:g}); a session before the last and 0 to 3650 days are needed"
                )
        if not 0 <= self.therapist_gain[0] <= self.therapist_gain[1] <= 100:
            raise ValueError(f"therapist_gain is {self.therapist_gain}; novice, then expert, 0 to 100, are needed")
        for name, high in PHASED.items():
            if not all(0 <= x <= high for x in self.phases(name)):
                raise ValueError(f"{name} is {getattr(self, name)}; allowed are 0 to {high:g}")
        return self

    def phases(self, name: str) -> Three:
        """A quantity in the opening, the middle and the integration of a session: the therapy's, or what was set."""
        own: Three = getattr(therapy(self.therapy), name)
        given: Phases = getattr(self, name)
        if given is None:
            return own
        if isinstance(given, tuple):
            return given
        return (given, given, given) if name == "scaffold" else (own[0], given, own[2])

    def level(self, name: str) -> float:
        """``safety``, ``narrative`` or ``practice``: what was set, or the therapy's."""
        given = getattr(self, name)
        return float(getattr(therapy(self.therapy), name) if given is None else given)

    @property
    def days(self) -> tuple[float, ...]:
        """Day of each session, from 0."""
        more = dict(self.gaps)
        days = [0.0]
        for session in range(1, self.sessions):
            days.append(days[-1] + self.days_between + more.get(session, 0.0))
        return tuple(days)

    def to_toml(self) -> str:
        """Every setting with its value; a None is left out, as TOML has none."""
        return tomli_w.dumps({k: v for k, v in self.model_dump(mode="json").items() if v is not None})


def course_from(content: Mapping[str, Any], source: str = "course") -> Course:
    """Validate; one error lists everything that is wrong.

    Raises
    ------
    BadInput
    """
    try:
        return Course.model_validate(dict(content))
    except ValidationError as error:
        raise BadInput(f"{source} is not a valid course:\n{sentences(error, Course, {}, content)}") from error


def read_course(path: Path) -> dict[str, Any]:
    """The settings that a TOML file gives, to be completed by :func:`course_from`."""
    return read_toml(path)


def from_words(words: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` of a command line as settings; a value with commas is a list.

    Raises
    ------
    BadInput
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"{word!r} is not NAME=VALUE; e.g. stress=0.9, or stress=0.1,0.9,0.1 for the three phases.")
        name, known = name.strip(), Course.model_fields.get(name.strip())
        several = "," in value or (known is not None and isinstance(known.default, tuple))
        found[name] = [x.strip() for x in value.split(",") if x.strip()] if several else value.strip()
        if name in PHASED:
            _check_phases(name, found[name], value)
    return found


PHASED = {"emotion": 1.0, "cognition": 1.0, "stress": 1.0, "scaffold": 100.0}
"""Settings of one number or three, and the highest of them."""


def _check_phases(name: str, got: str | list[str], value: str) -> None:
    """One sentence where the schema has two, one for each form that the value is not in."""
    words = got if isinstance(got, list) else [got]
    try:
        fits = all(0 <= float(word) <= PHASED[name] for word in words) and (len(words) == 3 or isinstance(got, str))
    except ValueError:
        fits = False
    if not fits:
        raise BadInput(
            f"--set {name} is {value!r}; allowed are one number from 0 to {PHASED[name]:g}, or three with commas for "
            f"opening, middle and integration; e.g. --set {name}=0.5 or --set {name}=0.1,0.9,0.1."
        )


def changed(course: Course, settings: Mapping[str, Any]) -> Course:
    """The course with other settings; an unknown name or a value that is not allowed is told.

    Raises
    ------
    BadInput
    """
    return course_from({**course.model_dump(), **settings}, "what was set")


ABLATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "two_sites": ("growth and homeostasis act on one number", {"two_sites": False}),
    "structural": ("the patient's own brain stays as it is", {"structural": False}),
    "trust": ("trust stays as it was at the start", {"builds_trust": False}),
    "stress": ("no challenge in any phase", {"stress": (0.0, 0.0, 0.0)}),
    "emotion_with_cognition": ("both are active, never at the same time", {"together": False}),
    "narrative": ("no narrative is made together", {"narrative": 0.0}),
    "oxytocin": ("no oxytocin", {"oxytocin": 0.0}),
    "serotonin": ("binding stays as it was", {"serotonin_growth": 0.0}),
    "dopamine": ("no prediction error: every beat counts alike", {"dopamine": 0.0}),
    **{name: (f"{name} is closed, in sessions and in measurements", {"shut": (name,)}) for name in CHANNELS},
    "scaffold": ("no shared rhythm", {"scaffold": (0.0, 0.0, 0.0)}),
    "generalisation": ("all that is learnt stays with this pair", {"generalises": 0.0}),
    "homeostasis": ("nothing holds activity", {"homeostasis": False}),
    "ruptures": ("no ruptures, and so no repairs", {"ruptures": 0.0}),
    "repairs": ("ruptures stay unrepaired", {"repairs": 0.0}),
    "practice": ("nothing is practised between sessions", {"practice": 0.0}),
    "learning": ("gains do not change", {"learning": 0.0}),
    "dropout": ("nobody leaves", {"dropout": 0.0}),
}
"""What can be taken out of a course, what that means, and the settings that do it."""


def without(course: Course, *mechanisms: str) -> Course:
    """The course with these mechanisms switched off: the patient does not get them, all else as it was.

    To ask instead whether learning depends on a condition at all, leave it out of ``gated_by``: that factor is then
    exactly 1, and the condition itself stays.

    Raises
    ------
    BadInput
    """
    settings: dict[str, Any] = {}
    for name in mechanisms:
        if name not in ABLATIONS:
            raise BadInput(
                f"there is no mechanism {name!r}{close_to(name, ABLATIONS)}; there are: {', '.join(ABLATIONS)}."
            )
        settings |= ABLATIONS[name][1]
    closed = tuple(name for name in mechanisms if name in CHANNELS)
    return changed(course, settings | {"shut": tuple(dict.fromkeys((*course.shut, *closed)))})
