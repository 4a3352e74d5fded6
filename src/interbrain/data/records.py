"""Records: what a measure, a format, a surrogate or an instrument says of itself, found without importing it.

Each file of a room that holds one states ``RECORD = SomeRecord(...)`` with literal arguments only. :func:`discover`
reads that statement from the source, so listing everything there is costs no import of NumPy, Numba or MNE; the
module itself is imported by :func:`load` when its kernels are needed. What a family of records has in common may stand
as named literals in a file beside them: the record imports and names it, alone or unpacked (``{**SHARED, "key": 1}``).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from interbrain.data.allowed import TYPES, check_all, close_to
from interbrain.data.errors import BadInput

MODALITIES = ("fnirs", "eeg", "motion", "eda", "heart", "voice", "misc")


@dataclass(frozen=True)
class MeasureRecord:
    """A synchrony measure. Its module holds ``prepare``, ``combine``, ``reduce`` and, where it is faster, ``draws``.

    Parameters
    ----------
    name, title, formula
        Short name for plans and tables, full name, formula in one line.
    reference, doi
        Where it comes from.
    value_range
        Lowest and highest value under the defaults; None where unbounded.
    with_itself
        The value of a signal with itself; None where that says nothing.
    stabilise
        Name of the variance-stabilising function in ``arrays.stabilise``.
    directed
        Whether "A to B" and "B to A" are two numbers.
    accepts
        ``"continuous"``, ``"epochs"`` or both.
    modalities
        Where the field uses it.
    blind_to
        What it cannot see: ``"zero lag"``, ``"amplitude"``, ``"direction"`` …
    surrogates
        For each surrogate: ``"reindex"`` (prepared data are re-indexed), ``"prepare"`` (prepared again), or a
        sentence that starts with ``"refused:"`` and says why.
    default_surrogate
        The one that plans use unless told otherwise.
    settings, settings_help, named_settings
        Defaults, one line each, and complete conventions of other software under a name.
    settings_allowed, settings_need
        What a setting may be: words to choose from, or an interval such as ``"(0, 1]"`` (see ``data.allowed``); and the
        values that others must have beside it: ``{"path=reduced": {"padding": "no_wrap"}}``.
    needs_bands
        Whether a band must be named.
    takes_confounds
        Whether it takes ``Block.confounds`` out itself; else they are taken out of the channels before it.
    without_confounds
        The measure that this one is where no confound is named, so that a plan must name one; empty where it need not.
    arity
        ``"pair"``, or ``"group"`` for one value of all members together: its ``combine`` takes any number of people.
    under
        What of this record is otherwise under a setting: ``{"kind=knn": {"stabilise": "identity"}}``; see
        :func:`as_set`.
    same_kind
        Why both people must give the same kind of signal: ``{"always": reason}``, or for a setting's value
        (``{"scale=none": reason}``); empty where any two kinds will do.
    """

    name: str
    title: str
    formula: str
    reference: str
    doi: str
    value_range: tuple[float | None, float | None]
    with_itself: float | None
    stabilise: str
    directed: bool
    accepts: tuple[str, ...]
    modalities: tuple[str, ...]
    blind_to: tuple[str, ...]
    surrogates: Mapping[str, str]
    default_surrogate: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_help: Mapping[str, str] = field(default_factory=dict)
    settings_allowed: Mapping[str, Any] = field(default_factory=dict)
    settings_need: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    named_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needs_bands: bool = False
    methods: str = ""
    takes_confounds: bool = False
    without_confounds: str = ""
    arity: str = "pair"
    same_kind: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    module: str = ""


@dataclass(frozen=True)
class FormatRecord:
    """A file format. Its module holds ``read(path, **options) -> Loaded`` and, where it can, ``write``."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    modalities: tuple[str, ...]
    library: str
    reference: str
    writes: bool = False
    folder: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    module: str = ""


@dataclass(frozen=True)
class SurrogateRecord:
    """A within-dyad null. Its module holds ``draw_index(block, n, stream, settings)`` and ``apply(block, index)``."""

    name: str
    title: str
    keeps: str
    destroys: str
    assumes: str
    reference: str
    doi: str
    accepts: tuple[str, ...] = ("continuous",)
    methods: str = ""
    module: str = ""


@dataclass(frozen=True)
class InstrumentRecord:
    """A questionnaire: range, direction, cut-off, reliable change, each with its source."""

    name: str
    title: str
    measures: str
    score_range: tuple[float, float]
    higher_is: str
    reference: str
    doi: str
    cutoff: float | None = None
    reliable_change: float | None = None
    aliases: tuple[str, ...] = ()
    note: str = ""
    module: str = ""


@dataclass(frozen=True)
class TherapyRecord:
    """A therapy as a profile of parameters of the model; each is a hypothesis, with its reason.

    Parameters
    ----------
    emotion, cognition, stress
        How much of each is active in the opening, the middle and the integration of a session, 0 to 1.
    scaffold
        Gain that a shared rhythm (breath, voice) lends both people in each phase, rad/s.
    safety
        How fast experienced synchrony builds trust, 0 to 1.
    channels
        How open voice, gaze, movement and breath are, 0 to 1.
    narrative, practice
        How far a story is made together, and how much is practised between sessions, 0 to 1.
    shares
        Of a session's time, for the three phases; they sum to 1.
    meets
        False where nobody meets (a waiting list).
    reasons
        One sentence for each parameter.
    against
        What speaks against the profile.
    grade
        Of the evidence for the profile, as in ``interbrain.simulate.plasticity.modulators.GRADES``.
    """

    name: str
    title: str
    emotion: tuple[float, float, float]
    cognition: tuple[float, float, float]
    stress: tuple[float, float, float]
    scaffold: tuple[float, float, float]
    safety: float
    channels: tuple[float, float, float, float]
    narrative: float
    practice: float
    shares: tuple[float, float, float]
    reasons: Mapping[str, str]
    against: str
    grade: str
    reference: str
    doi: str
    meets: bool = True
    module: str = ""


@dataclass(frozen=True)
class DeviceRecord:
    """What a simulated device records. Its module holds ``record(state, trait, random) -> (Loaded, Loaded)``.

    Parameters
    ----------
    modality
        As recordings name it.
    rate
        Hz.
    through
        Channels of behaviour on which this signal travels; empty where all of them count.
    sensitivity
        Share of the signal's source that is in common where contact is whole, 0 to 0.95.
    cycle_s
        The signal's own cycle, s: a lead of so many radians is that part of it.
    places
        Names of places in the signal, and which of them carry what is in common.
    carries
        As above.
    status
        What of it follows from the model and what is phenomenological.
    """

    name: str
    title: str
    modality: str
    rate: float
    through: tuple[str, ...]
    sensitivity: float
    cycle_s: float
    places: tuple[str, ...]
    carries: tuple[str, ...]
    unit: str
    status: str
    reference: str
    doi: str
    module: str = ""


@cache
def discover(package: str) -> dict[str, Any]:
    """Records of a room by name, in alphabetical order: ``discover("interbrain.measures")``."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    found = {}
    for folder in spec.submodule_search_locations:
        for path in sorted(Path(folder).glob("*.py")):
            record = _record_in(path, f"{package}.{path.stem}")
            if record is not None:
                found[record.name] = record
    return dict(sorted(found.items()))


def _record_in(path: Path, module: str) -> Any | None:
    source = path.read_text(encoding="utf-8")
    if "RECORD = " not in source:
        return None
    tree = ast.parse(source)
    for node in tree.body:
        is_record = (
            isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == "RECORD" for t in node.targets)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
        )
        if is_record:
            call = node.value  # type: ignore[attr-defined]
            kind = globals()[call.func.id]
            shared = _Shared(path.parent)
            shared.visit(tree)
            return kind(**{k.arg: shared.literal(k.value) for k in call.keywords}, module=module)
    return None


class _Shared(ast.NodeVisitor):
    """Literals of one source file, among them names that it imports from files of the same room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources: dict[str, tuple[Path, str]] = {}
        self.own: dict[str, Any] = {}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        package, _, stem = (node.module or "").rpartition(".")
        if package.endswith(f".{self.folder.name}"):
            self.sources |= {a.asname or a.name: (self.folder / f"{stem}.py", a.name) for a in node.names}

    def literal(self, node: ast.expr) -> Any:
        """A literal's value, with names and unpacked mappings among its dicts."""
        if isinstance(node, ast.Name) and node.id in self.own:
            return self.own[node.id]
        if isinstance(node, ast.Name) and node.id in self.sources:
            path, name = self.sources[node.id]
            return _named_literals(path)[name]
        if not isinstance(node, ast.Dict):
            return ast.literal_eval(node)
        out: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            out |= self.literal(value) if key is None else {ast.literal_eval(key): self.literal(value)}
        return out


@cache
def _named_literals(path: Path) -> dict[str, Any]:
    """What a file of nothing but literals calls by which name."""
    shared = _Shared(path.parent)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            shared.own[node.targets[0].id] = shared.literal(node.value)
    return shared.own


def record_of(package: str, name: str) -> Any:
    """One record; the error names all that there are."""
    records = discover(package)
    if name not in records:
        room = package.rsplit(".", 1)[-1]
        raise BadInput(f"{room}: there is no {name!r}; there are: {', '.join(records)}{close_to(name, records)}.")
    return records[name]


def load(package: str, name: str) -> ModuleType:
    """The module behind a record, imported now."""
    return import_module(record_of(package, name).module)


def resolve_settings(record: MeasureRecord, given: Mapping[str, Any]) -> dict[str, Any]:
    """All of a measure's settings: its defaults, a named convention (``given["convention"]``), then what was given.

    Raises
    ------
    BadInput
        An unknown setting or convention, a value of another type than the default's, or one that is not allowed.
    """
    settings = dict(record.settings)
    given = dict(given)
    named = given.pop("convention", None)
    if named is not None:
        if named not in record.named_settings:
            hint, known = close_to(str(named), record.named_settings), ", ".join(record.named_settings)
            raise BadInput(f"{record.name}: there is no convention {named!r}{hint}; there are: {known or 'none'}.")
        settings.update(record.named_settings[named])
    for key, value in given.items():
        if key not in record.settings:
            hint, known = close_to(key, record.settings), ", ".join(record.settings)
            raise BadInput(f"{record.name}: there is no setting {key!r}{hint}; there are: {known or 'none'}.")
        default = record.settings[key]
        if isinstance(default, bool) != isinstance(value, bool) and default is not None:
            raise BadInput(f"{record.name}: setting {key!r} is {value!r}; {TYPES[type(default)]} is needed.")
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if default is not None and value is not None and not isinstance(value, type(default)):
            raise BadInput(f"{record.name}: setting {key!r} is {value!r}; {TYPES[type(default)]} is needed.")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"{record.name}: setting {key!r} is {value!r}; a finite number is needed.")
        settings[key] = value
    if wrong := check_all(record.name, settings, record.settings_allowed) or _unmet(record, settings):
        raise BadInput(wrong)
    return settings


def as_set(record: MeasureRecord, settings: Mapping[str, Any]) -> MeasureRecord:
    """The record as resolved settings make it: a kind of the measure may have a range and a scale of its own."""
    for when, otherwise in record.under.items():
        key, _, value = when.partition("=")
        if str(settings[key]) == value:
            record = replace(record, **otherwise)
    return record


def _unmet(record: MeasureRecord, settings: Mapping[str, Any]) -> str:
    """Which settings do not go together, in a sentence; empty where all do."""
    for when, needed in record.settings_need.items():
        key, _, value = when.partition("=")
        if str(settings[key]) == value and any(settings[k] != v for k, v in needed.items()):
            asked = ", ".join(f"{k} = {_as_toml(v)}" for k, v in needed.items())
            others = " or ".join(repr(x) for x in record.settings_allowed[key] if x != value)
            return f"{record.name}: {key} = {value!r} goes only with {asked}; use {key} = {others} for other values."
    return ""


def _as_toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
