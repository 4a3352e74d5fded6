"""The plan: a frozen, validated description of an analysis, TOML on disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from interbrain.data.allowed import close_to
from interbrain.data.errors import BadInput
from interbrain.data.records import MODALITIES, MeasureRecord, record_of, resolve_settings
from interbrain.data.toml import read_toml, sentences

CONFOUND_NAMES = {"movement": "motion", "speech": "voice", "breath": "resp", "respiration": "resp", "skin": "eda"}
"""Words for confounds, and the modality or kind of channel that they stand for."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


class Analysis(_Frozen):
    """One measure on one modality, with its nulls.

    ``bands`` maps a name to (low, high) in Hz. ``signals`` are channel kinds (``"hbo"``, ``"hbr"``); empty takes what
    the modality gives. ``level`` is where numbers are reported: single channels, or regions (the mean of the
    stabilised values of the channel pairs in them); ``"auto"`` is regions where the study names them.

    ``modality_b`` is the modality of the second role where it is another than the first role's (``modality``).
    ``partial`` names confounds that are taken out of each person's channels before the measure: ``"global"`` (the mean
    over the person's channels of that kind), a modality of which the person has a recording at that meeting, or the
    name or kind of a channel; ``partial_from`` whether a person's own confounds or those of both people are taken out
    of each, ``partial_lag_s`` up to which lag on both sides (s). ``carry`` names confounds whose mean per meeting and
    person enters the course as a covariate instead.
    """

    name: str
    modality: str
    modality_b: str | None = None
    measure: str
    settings: dict[str, Any] = {}
    bands: dict[str, tuple[float, float]] = {}
    signals: tuple[str, ...] = ()
    level: Literal["auto", "channel", "region"] = "auto"
    pairs: Literal["all", "homologous"] = "all"
    surrogates: tuple[str, ...] = ()
    n_surrogates: int = Field(199, ge=19, le=99_999)
    repair: bool = True
    window_s: float | None = Field(None, gt=0)
    partial: tuple[str, ...] = ()
    partial_from: Literal["own", "both"] = "own"
    partial_lag_s: float = Field(0.0, ge=0, le=60)
    carry: tuple[str, ...] = ()

    @property
    def modalities(self) -> tuple[str, str]:
        """Of the first role's recordings and of the second's."""
        return self.modality, self.modality_b or self.modality

    @property
    def modality_name(self) -> str:
        """As the tables say it: ``"eda"``, or ``"eda × heart"`` for the first role's skin with the second's heart."""
        return " × ".join(dict.fromkeys(self.modalities))

    @property
    def of_group(self) -> bool:
        """Whether the measure gives one value of all members of a group together."""
        return bool(record_of("interbrain.measures", self.measure).arity == "group")

    @property
    def confounds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.partial, *self.carry)))

    @field_validator("name")
    @classmethod
    def _a_file_can_bear_it(cls, name: str) -> str:
        if not re.fullmatch(_NAME, name):
            raise ValueError(
                "files bear this name: allowed are the letters A to Z and a to z, digits, and . _ - after the first of "
                "them; write Greek letters out, e.g. theta-plv"
            )
        return name

    @field_validator("bands")
    @classmethod
    def _ordered(cls, bands: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for name, (low, high) in bands.items():
            if not 0 <= low < high:
                raise ValueError(f"band {name!r} is {low:g} to {high:g} Hz; low must be at least 0 and below high")
        return bands

    @field_validator("n_surrogates")
    @classmethod
    def _readable(cls, n: int) -> int:
        if (n + 1) % 20:
            raise ValueError(f"n_surrogates is {n}; (n + 1)/20 must be whole (19, 199, 999), so that p can equal .05")
        return n

    @model_validator(mode="after")
    def _known(self) -> Analysis:
        for modality in self.modalities:
            if modality not in MODALITIES:
                hint = close_to(modality, MODALITIES)
                raise ValueError(f"there is no modality {modality!r}{hint}; there are: {', '.join(MODALITIES)}")
        record = record_of("interbrain.measures", self.measure)
        settings = resolve_settings(record, self.settings)
        if self.modalities[0] != self.modalities[1] and (why := _one_kind_only(record, settings)):
            raise ValueError(f"{self.measure} cannot be taken of {self.modality_name}: {why}")
        if record.without_confounds and not self.partial:
            raise ValueError(
                f"{self.measure} takes out confounds and none is named; use {record.without_confounds}, or name them: "
                'partial = ["movement"]'
            )
        if self.of_group and (self.carry or self.modality_b or self.partial_from == "both"):
            raise ValueError(
                f"{self.measure} is of a whole group; modality_b, carry and partial_from = 'both' are for pairs of "
                "people"
            )
        if "global" in self.carry:
            raise ValueError(
                'carry names "global", which has no level of its own; name a confound of partial, or another'
            )
        for name in self.confounds:
            if CONFOUND_NAMES.get(name, name) in self.modalities:
                raise ValueError(
                    f"{name!r} is what is measured and cannot be its own confound; name another signal of the person"
                )
        for surrogate in self.surrogates:
            record_of("interbrain.inference.surrogates", surrogate)
            how = record.surrogates.get(surrogate, "refused: this pair has not been calibrated")
            if how.startswith("refused"):
                raise ValueError(f"{self.measure} with {surrogate}: {how.removeprefix('refused:').strip()}")
        if record.needs_bands and not self.bands:
            raise ValueError(f"{self.measure} needs at least one band, e.g. bands = {{ slow = [0.02, 0.1] }}")
        for name, (low, high) in self.bands.items():
            if record.needs_bands and low == 0:
                raise ValueError(
                    f"band {name!r} is {low:g} to {high:g} Hz; {self.measure} needs a low edge above 0, since a rhythm "
                    "without cycles has no phase; e.g. 0.02"
                )
        return self


def _one_kind_only(record: MeasureRecord, settings: dict[str, Any]) -> str:
    """Why a measure with these settings needs the same kind of signal of both people; empty where it does not."""
    for when, why in record.same_kind.items():
        key, _, value = when.partition("=")
        if when == "always" or str(settings.get(key)) == value:
            return why
    return ""


class Fnirs(_Frozen):
    """Raw light to haemoglobin. Frequencies in Hz, ``sci_window_s`` in s, ``ppf`` is the partial pathlength factor."""

    sci_threshold: float = Field(0.7, ge=-1, le=1)
    cardiac_hz: tuple[float, float] = (0.7, 1.5)
    motion_correction: Literal["tddr", "none"] = "tddr"
    band_hz: tuple[float, float] = (0.01, 0.2)
    ppf: float = Field(6.0, gt=0)
    drop_bad_channels: bool = True


class Eeg(_Frozen):
    """Cleaned EEG. ``average_reference`` is off because cleaned epochs usually have their reference."""

    average_reference: bool = False
    flat_uv: float = Field(0.1, ge=0)


class Motion(_Frozen):
    """Motion energy: a centred moving average of ``smooth_s`` seconds and scaling by each person's own SD."""

    smooth_s: float = Field(0.0, ge=0)
    scale: bool = False


class Quality(_Frozen):
    """Shared thresholds of what may enter a number."""

    min_usable: float = Field(0.5, ge=0, le=1)
    saturated_run_s: float = Field(1.0, gt=0)
    max_gap_s: float = Field(2.0, ge=0)


class Course(_Frozen):
    """Change over sessions; ``random_slope`` ``"auto"`` keeps it where the data carry it.

    ``standard_errors``: fixed weights and the scatter of whole groups, or the mixed model's own (Kenward–Roger).
    """

    enabled: bool = True
    random_slope: Literal["auto", "always", "never"] = "auto"
    standard_errors: Literal["cluster_robust", "kenward_roger"] = "cluster_robust"
    covariates: tuple[Literal["duration", "usable"], ...] = ("duration", "usable")
    n_signflips: int = Field(999, ge=19)
    confidence: float = Field(0.95, gt=0.5, lt=1)


class Outcome(_Frozen):
    """Association of scores with synchrony, within and between persons, adjusted for time."""

    enabled: bool = True
    lag_sessions: int = Field(1, ge=0)


class Clusters(_Frozen):
    """Clusters of neighbouring places beside the single ones, in tests over groups.

    Bands that follow each other in frequency are neighbours; ``places`` names pairs of channels (regions) that are.
    ``threshold`` in SDs of chance: places above it are joined. It must be chosen before the data are seen.
    """

    threshold: float = Field(2.0, gt=0)
    places: tuple[tuple[str, str], ...] = ()


class Plan(_Frozen):
    """Everything that decides a number in the results, with every default written out when it is stored.

    ``contrast`` names two segments, the first minus the second. ``repair_within`` says what re-paired partners must
    share besides roles, session number and segment; an arm that is an outcome (stayed, left) rather than a treatment
    does not belong there.
    """

    seed: int = Field(20260101, ge=0)
    alpha: float = Field(0.05, gt=0, lt=1)
    n_arrangements: int = Field(1999, ge=19)
    contrast: tuple[str, str] | None = None
    repair_within: tuple[Literal["arm", "condition", "therapist"], ...] = ("arm", "condition", "therapist")
    analysis: tuple[Analysis, ...]
    fnirs: Fnirs = Fnirs()
    eeg: Eeg = Eeg()
    motion: Motion = Motion()
    quality: Quality = Quality()
    course: Course = Course()
    outcome: Outcome = Outcome()
    clusters: Clusters | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Plan:
        names = [a.name for a in self.analysis]
        if not names:
            raise ValueError("a plan needs at least one [[analysis]]")
        if self.contrast is not None and self.contrast[0] == self.contrast[1]:
            raise ValueError(f"contrast names {self.contrast[0]!r} twice; name two segments, e.g. task and rest")
        if len(set(names)) != len(names):
            raise ValueError(f"analysis names must differ; got {', '.join(names)}")
        for analysis in self.analysis:
            _through_the_filter(analysis, self.fnirs)
        return self

    def to_toml(self) -> str:
        """The plan with every default written out; a None is left out, as TOML has none."""
        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))


def _through_the_filter(analysis: Analysis, fnirs: Fnirs) -> None:
    """Refuse a band of which the filter of haemoglobin leaves nothing."""
    low, high = fnirs.band_hz
    for name, (start, stop) in analysis.bands.items():
        if "fnirs" in analysis.modalities and (start >= high or stop <= low):
            raise ValueError(
                f"analysis {analysis.name}: band {name!r} is {start:g} to {stop:g} Hz, and the filter of fNIRS leaves "
                f"{low:g} to {high:g} Hz; choose a band within it, or another [fnirs] band_hz"
            )


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(v) for v in value]
    return value


PARTS: dict[str, type[BaseModel]] = {
    "analysis": Analysis,
    "fnirs": Fnirs,
    "eeg": Eeg,
    "motion": Motion,
    "quality": Quality,
    "course": Course,
    "outcome": Outcome,
    "clusters": Clusters,
}


def plan_from(content: dict[str, Any], source: str = "plan") -> Plan:
    """Validate; one error lists everything that is wrong, each with its place."""
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"{source} is not a valid plan:\n{sentences(error, Plan, PARTS, content)}") from error


def read_plan(path: Path) -> Plan:
    """Read ``plan.toml``."""
    return plan_from(read_toml(path), str(path))


DEFAULTS: dict[str, tuple[dict[str, Any], ...]] = {
    "fnirs": (
        {
            "name": "fnirs-wtc",
            "modality": "fnirs",
            "measure": "wtc",
            "bands": {"slow": [1 / 30, 1 / 8]},
            "signals": ["hbo", "hbr"],
            "surrogates": ["circular_shift"],
        },
    ),
    "eeg": tuple(
        {
            "name": f"eeg-{measure}",
            "modality": "eeg",
            "measure": measure,
            "bands": {"theta": [4.0, 7.5], "alpha": [7.5, 11.0], "beta": [13.0, 30.0], "gamma": [30.0, 48.0]},
            "surrogates": ["segment_shuffle"],
        }
        for measure in ("plv", "accorr", "imcoh")
    ),
    "motion": (
        {
            "name": "motion-wlcc",
            "modality": "motion",
            "measure": "wlcc",
            "surrogates": ["circular_shift"],
            "window_s": 60.0,
        },
    ),
}
"""The analyses of a study that brings no plan, by modality; other slow signals get the motion form."""


def default_plan(modalities: tuple[str, ...], content: dict[str, Any] | None = None, source: str = "plan") -> Plan:
    """The plan of a study: what it says itself, with the default analyses of its modalities where it names none."""
    content = dict(content or {})
    if "analysis" not in content:
        content["analysis"] = [a for m in modalities for a in DEFAULTS.get(m, _slow(m))]
    return plan_from(content, source)


def _slow(modality: str) -> tuple[dict[str, Any], ...]:
    return ({**DEFAULTS["motion"][0], "name": f"{modality}-wlcc", "modality": modality},)
