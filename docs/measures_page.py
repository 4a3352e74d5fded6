"""The page of all measures, made from their records whenever the docs are built: nothing in it is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from interbrain import measures
from interbrain.data.records import MeasureRecord
from interbrain.inference import surrogates

MARK = "<!-- the measures stand here -->"


def with_measures(page: str) -> str:
    """The page with every measure in the place of :data:`MARK`."""
    records = measures.records().values()
    return page.replace(MARK, "\n\n".join([overview(records), *(measure(r) for r in records)]))


def overview(records: Iterable[MeasureRecord]) -> str:
    rows = [
        (f"[`{r.name}`](#{r.name})", plain(r.title), range_of(*r.value_range),
         "A → B and B → A" if r.directed else "one",
         "three and more" if r.arity == "group" else "two", plain(", ".join(r.blind_to)))
        for r in records
    ]  # fmt: skip
    return table(("name", "measure", "range", "values", "people", "what it cannot see"), rows)


def measure(record: MeasureRecord) -> str:
    facts = [
        ("Range", ranges_of(record)),
        ("A signal with itself", "says nothing" if record.with_itself is None else number(record.with_itself)),
        ("What it cannot see", plain("; ".join(record.blind_to))),
        ("Values", "two, A to B and B to A" if record.directed else "one"),
        ("Data", plain(" or ".join(record.accepts)) + (", in named bands" if record.needs_bands else "")),
        ("Used for", plain(", ".join(record.modalities))),
        ("Confounds", "takes them out itself" if record.takes_confounds else ""),
        ("Two kinds of signal", plain("; ".join(f"{k}: {v}" for k, v in record.same_kind.items()))),
        ("Reference", f"{plain(record.reference)} {doi(record.doi)}"),
    ]
    parts = [
        f"({record.name})=\n## `{record.name}`: {plain(record.title)}",
        f"```text\n{record.formula}\n```",
        "\n".join(f"- **{name}:** {text}" for name, text in facts if text),
    ]
    if record.settings:
        rows = [(f"`{k}`", f"`{v}`", plain(record.settings_help.get(k, ""))) for k, v in record.settings.items()]
        parts.append(table(("setting", "default", "what it is"), rows))
    if record.named_settings:
        rows = [(f"`{name}`", settings(given)) for name, given in record.named_settings.items()]
        parts.append(table(("named settings (`convention`)", "which are"), rows))
    parts.append(table(("null", "how"), nulls(record)))
    return "\n\n".join(parts) + "\n"


def nulls(record: MeasureRecord) -> list[tuple[str, str]]:
    titles = {name: r.title for name, r in surrogates.records().items()}
    rows = []
    for name, how in record.surrogates.items():
        refused = how.startswith("refused:")
        said = how.removeprefix("refused:").strip() if refused else "allowed"
        default = ", the default" if name == record.default_surrogate else ""
        rows.append((f"`{name}` ({plain(titles[name])})", plain(f"refused: {said}" if refused else said + default)))
    return rows


def settings(given: Mapping[str, Any]) -> str:
    return ", ".join(f"`{k} = {v!r}`" for k, v in given.items()) or "the defaults"


def ranges_of(record: MeasureRecord) -> str:
    """The range under the defaults, and under settings that change it."""
    others = [(k, v["value_range"]) for k, v in record.under.items() if "value_range" in v]
    return "; ".join([range_of(*record.value_range), *(f"with `{k}` {range_of(*ends)}" for k, ends in others)])


def range_of(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "unbounded"
    if high is None:
        return f"from {number(low)}"
    return f"up to {number(high)}" if low is None else f"{number(low)} to {number(high)}"


def number(value: float | None) -> str:
    return f"{value:g}".replace("-", "−")


def doi(text: str) -> str:
    return f"[doi:{plain(text)}](https://doi.org/{quote(text, safe='/')})"


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
