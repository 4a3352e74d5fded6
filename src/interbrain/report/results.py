"""A results folder as the page needs it: its tables, its plan, and what it says about its origin."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.course.instruments import find
from interbrain.data.errors import BadInput, shorten
from interbrain.data.files import INCOMPLETE
from interbrain.data.plan import read_plan
from interbrain.data.records import InstrumentRecord, MeasureRecord, SurrogateRecord, as_set, discover, resolve_settings
from interbrain.data.tables import EVERYBODY, TABLES, WHOSE, read_table
from interbrain.report import words

CONTRAST = "contrast:"
"""How the name of a test of two segments begins."""
MOST_SESSIONS = 1000
"""From the first number to the last; beyond it the numbers are no count, and those between are not shown."""


@dataclass(frozen=True, eq=False)
class Results:
    """What a run left behind. ``plan`` is the stored plan with every default, as plain values."""

    folder: Path
    tables: dict[str, pd.DataFrame]
    plan: dict[str, Any]
    provenance: dict[str, Any]
    timing: dict[str, Any]
    maps: tuple[Path, ...] = ()

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    @property
    def alpha(self) -> float:
        return float(self.plan.get("alpha", 0.05))

    @property
    def confidence(self) -> str:
        """``"95 %"``: the level of the intervals of the course."""
        return f"{100 * float(self.plan.get('course', {}).get('confidence', 0.95)):g} %"

    @cached_property
    def several(self) -> bool:
        """Whether groups have more than two members, so that places say whose they are."""
        sync = self["synchrony"]
        return bool(len(sync)) and any(
            str(p).startswith(f"{r}{WHOSE}") for p, r in zip(sync["place_a"], sync["role_a"], strict=True)
        )

    @cached_property
    def unit(self) -> str:
        """What the study is made of, in a word: ``"dyad"``, or ``"group"`` where groups have more than two members."""
        return "group" if self.several or (self["synchrony"]["role_a"] == EVERYBODY).any() else "dyad"

    def named(self, group: str) -> str:
        """``"Dyad 03"``."""
        return f"{self.unit.capitalize()} {group}"

    def sides(self, row: Any) -> tuple[str, str]:
        """The two roles that a row is about: those of its places, else of who met in its group and segment."""
        a, b = (str(row[c]).partition(WHOSE) for c in ("place_a", "place_b"))
        if self.several:
            return (a[0], b[0]) if a[1] and b[1] else self.roles
        group, segment, test = (str(row[c]) if c in row else "" for c in ("group", "segment", "test"))
        if test.startswith(CONTRAST):  # of two segments, in dyads that have both
            segment = next((s for g, s in self._met if not g and s and test.startswith(f"{CONTRAST}{s}-")), segment)
        return self._met.get((group, segment), self.roles)

    def sides_of(self, rows: pd.DataFrame) -> tuple[str, str]:
        """The two roles that some rows are about, :meth:`sides` of all of them: ``"therapist or stranger"``."""
        if self.several or rows.empty:
            return self.roles
        told = rows.drop_duplicates([c for c in ("group", "segment") if c in rows])
        return _called([self.sides(r) for r in told.to_dict("records")])

    @cached_property
    def _met(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Both roles by (group, segment); the empty name stands for every group, or segment."""
        pairs = self["synchrony"][["group", "segment", "role_a", "role_b"]].astype(str).drop_duplicates()
        pairs = pairs[pairs["role_a"] != EVERYBODY]
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for group, segment, a, b in pairs.itertuples(index=False, name=None):
            for key in ((group, segment), (group, ""), ("", segment), ("", "")):
                found.setdefault(key, []).append((a, b))
        return {key: _called(roles) for key, roles in found.items()}

    def direction(self, row: Any) -> str:
        """``"patient to therapist"`` for ``a_to_b``; empty where a row has no direction."""
        a, b = self.sides(row)
        return {"a_to_b": f"{a} to {b}", "b_to_a": f"{b} to {a}"}.get(str(row["direction"]), str(row["direction"]))

    @cached_property
    def roles(self) -> tuple[str, str]:
        """Side A's and side B's role over the whole run, in the study's own words: ``"therapist or stranger"``.

        Of groups of more than two: what each pair has in common.
        """
        if self.several:
            return "first of the two", "second of the two"
        a, b, *_ = [*(str(r) for r in self.provenance.get("roles") or [] if r), "", ""]
        return self._met.get(("", ""), _called([(a, b)]))

    def side(self, role: str) -> str:
        """``"a"`` or ``"b"`` where somebody of this role is always that side of a pair, else empty."""
        sync = self["synchrony"]
        on = [x for x in "ab" if (sync[f"role_{x}"] == role).any()]
        return on[0] if len(on) == 1 and not self.several else ""

    @property
    def study(self) -> dict[str, Any]:
        return self.provenance.get("study") or {}

    @property
    def name(self) -> str:
        return str(self.study.get("name") or self.study.get("root_name") or self.folder.name)

    @property
    def truth(self) -> dict[str, Any]:
        return self.provenance.get("truth") or {}

    @property
    def simulated(self) -> bool:
        return bool(self.study.get("simulated") or self.truth)

    @cached_property
    def groups(self) -> list[str]:
        return sorted(self["synchrony"]["group"].unique())

    @cached_property
    def meetings(self) -> pd.DataFrame:
        """One row a recorded meeting: group, session, condition."""
        return self["synchrony"][["group", "session", "condition"]].drop_duplicates()

    @cached_property
    def sessions(self) -> list[int]:
        """Every session number from the first to the last that was recorded."""
        found = self["synchrony"]["session"].dropna().astype(int)
        if len(found) and found.max() - found.min() > MOST_SESSIONS:  # dates for numbers
            return sorted(found.unique())
        return list(range(found.min(), found.max() + 1)) if len(found) else []

    @property
    def analyses(self) -> list[dict[str, Any]]:
        return list(self.plan.get("analysis", []))

    def analysis(self, name: str) -> dict[str, Any]:
        return next((a for a in self.analyses if a.get("name") == name), {})

    def measure(self, name: str) -> MeasureRecord | None:
        return discover("interbrain.measures").get(name)

    def surrogate(self, name: str) -> SurrogateRecord | None:
        return discover("interbrain.inference.surrogates").get(name)

    def instrument(self, name: str) -> InstrumentRecord | None:
        return find(name)

    def instrument_name(self, name: str) -> str:
        """``"PHQ-9"`` for ``phq_9``; an instrument without a record keeps its own name."""
        record = find(name)
        return record.title.partition(",")[0] if record else name

    def direction_of_score(self, row: Any) -> str:
        """``"lower (better)"``: which way a score goes with more synchrony, and what that means on this instrument."""
        direction = "higher" if row["estimate"] > 0 else "lower"
        record = find(str(row["instrument"]))
        if record is None:
            return direction
        good = (record.higher_is == "better") == (direction == "higher")
        return f"{direction} ({'better' if good else 'worse'})"

    def measure_title(self, name: str) -> str:
        record = self.measure(name)
        return record.title if record else name

    def record_as_set(self, row: Any) -> MeasureRecord | None:
        """The record of a row's measure, as the settings of the row's analysis make it."""
        record = self.measure(str(row["measure"]))
        if record is None or not record.under:
            return record
        try:
            given = self.analysis(str(row["analysis"])).get("settings") or {}
            return as_set(record, resolve_settings(record, given))
        except BadInput:  # a plan of another version
            return record

    def stabilised_unit(self, row: Any) -> str:
        """The unit of the scale of a row's tests: ``"z"``, or nothing where it is the measure's own."""
        record = self.record_as_set(row)
        return "" if record is not None and record.stabilise == "identity" else "z"

    def measure_scale(self, row: Any) -> str:
        """``"Wavelet coherence (z)"``: the measure on the scale that tests and models use."""
        title, unit = self.measure_title(str(row["measure"])), self.stabilised_unit(row)
        return f"{title} ({unit})" if unit else title

    @cached_property
    def _alike(self) -> frozenset[str]:
        """Analyses that share their measure with another one of this run."""
        ran = self["synchrony"][["analysis", "measure"]].drop_duplicates()
        of = {str(a.get("name")): str(a.get("measure")) for a in self.analyses}
        of |= {str(a): str(m) for a, m in zip(ran["analysis"], ran["measure"], strict=True)}
        measures = list(of.values())
        return frozenset(a for a, m in of.items() if measures.count(m) > 1)

    def apart(self, analysis: str) -> str:
        """What tells an analysis from others of its measure: ``"clean, with heart taken out"``; empty where alone."""
        if analysis not in self._alike:
            return ""
        taken = [words.confound_name(str(n)) for n in self.analysis(analysis).get("partial") or []]
        return f"{analysis}, with {words.listing(taken)} taken out" if taken else analysis

    def analysis_title(self, row: Any) -> str:
        """The measure of a row, and which of its analyses where there are several: ``"Wavelet coherence (clean)"``."""
        title, apart = self.measure_title(str(row["measure"])), self.apart(str(row["analysis"]))
        return f"{title} ({apart})" if apart else title

    def analysis_scale(self, row: Any) -> str:
        """:meth:`measure_scale` of a row's measure, told from other analyses: ``"Wavelet coherence (z; clean)"``."""
        title, apart = self.measure_title(str(row["measure"])), self.apart(str(row["analysis"]))
        inside = "; ".join(x for x in (self.stabilised_unit(row), apart) if x)
        return f"{title} ({inside})" if inside else title

    def synchrony_of(self, row: Any) -> str:
        """``"Synchrony"``, or ``"Synchrony (clean, with heart taken out)"`` where a measure was taken twice."""
        apart = self.apart(str(row["analysis"]))
        return f"Synchrony ({apart})" if apart else "Synchrony"

    def axis_above_chance(self, row: Any) -> str:
        """``"z above chance"``."""
        return f"{self.stabilised_unit(row) or 'synchrony'} above chance"


def _called(pairs: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """What both sides of these pairs of roles are called; two people of one role are told apart by a letter."""
    a, b = (" or ".join(dict.fromkeys(filter(None, side))) for side in zip(*pairs))
    return (a or "person A", b or "person B") if a != b else (f"{a or 'person'} A", f"{b or 'person'} B")


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: is not JSON ({shorten(error)}); run the analysis again.") from error
    return content if isinstance(content, dict) else {}


def _timing(path: Path) -> dict[str, Any]:
    """Seconds of each step; what is no number is left out, since nothing hangs on it."""
    content = _json(path)
    listed = content.get("steps")
    steps = [s for s in listed if isinstance(s, dict)] if isinstance(listed, list) else []
    kept = [s for s in steps if isinstance(s.get("seconds", 0.0), (int, float))]
    total = content.get("total_s")
    return {**content, "steps": kept, "total_s": total if isinstance(total, (int, float)) else None}


def _plan(path: Path) -> dict[str, Any]:
    """The plan as stored; one that names a measure which is not installed here is still read and shown."""
    if not path.exists():
        return {}
    try:
        return read_plan(path).model_dump(mode="json")
    except BadInput:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise BadInput(f"{path}: is not TOML ({shorten(error)}); run the analysis again.") from error


def read_results(folder: Path) -> Results:
    """Read every table of a results folder. A run writes all of them, so that one which is absent was lost.

    Raises
    ------
    BadInput
        The folder holds no ``synchrony.tsv``, lacks another table, or a file in it cannot be read.
    """
    folder = Path(folder)
    if (folder / INCOMPLETE).exists():
        raise BadInput(f"{folder}: holds results that are not complete (see {INCOMPLETE}); run the analysis again.")
    if not (folder / "synchrony.tsv").exists():
        raise BadInput(
            f"{folder}: holds no synchrony.tsv, so there is nothing to draw; run the analysis into it first."
        )
    lost = [f"{name}.tsv" for name in TABLES if not (folder / f"{name}.tsv").exists()]
    if lost:
        raise BadInput(
            f"{folder}: lacks {', '.join(lost)}, which every run writes; a page without would say too little. Put it "
            "back, or run the analysis again."
        )
    tables = {name: read_table(name, folder) for name in TABLES}
    if tables["synchrony"].empty and tables["problems"].empty:
        raise BadInput(f"{folder}: synchrony.tsv has no rows; run the analysis again.")
    maps = tuple(sorted((folder / "maps").glob("*.npz"))) if (folder / "maps").is_dir() else ()
    return Results(
        folder,
        tables,
        _plan(folder / "plan.toml"),
        _json(folder / "provenance.json"),
        _timing(folder / "timing.json"),
        maps,
    )
