"""The page, top to bottom: each section is a list of blocks, and a part that does not apply is a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.files import write_text
from interbrain.report import blocks, calibration, confounds, shares, views, words, worth
from interbrain.report.blocks import Block
from interbrain.report.figures import (
    chance,
    contrasts,
    course,
    flow,
    lags,
    leads,
    matrix,
    outcome,
    pairings,
    phases,
    quality,
    scores,
    size,
    slopes,
    when,
    where,
    windows,
)
from interbrain.report.limits import limits
from interbrain.report.methods import methods
from interbrain.report.results import Results, read_results
from interbrain.report.style import DARK, FONT, LIGHT, figure_css, variables
from interbrain.report.summary import false_alarms, key_figures, truth_rows
from interbrain.report.verdict import Finding, findings

MOST_ANSWERS = 7


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    blocks: list[Block]


def write_page(folder: Path) -> Path:
    """Read the tables, draw, and put ``report.html`` in their folder in one step."""
    results = read_results(folder)
    html = render(results)
    return write_text(folder / "report.html", html)


def render(results: Results) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("interbrain.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(page=_page(results))


def _page(results: Results) -> dict[str, Any]:
    from markupsafe import Markup

    answers = findings(results)
    first, more = _ordered(answers)
    sections = [Section("verdict", "Verdict", []), *(make(results) for make in SECTIONS)]
    return {
        "title": f"{results.name}: inter-brain synchrony",
        "heading": results.name,
        "version": str(results.provenance.get("interbrain", "")),
        "simulated": results.simulated,
        "css": Markup(_css()),
        "script": Markup(_asset("page.js")),
        "sections": [s for s in sections if s.blocks or s.id == "verdict"],
        "findings": first,
        "more_findings": more,
        "truth": _truth(results),
        "key_figures": key_figures(results),
        "unit": results.unit,
        "dyads": results.groups if len(results.groups) <= 60 else [],
    }


def _ordered(answers: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The first answer to each question stays on top; further ones are folded once there are many."""
    if len(answers) <= MOST_ANSWERS:
        return answers, []
    seen: set[str] = set()
    first: list[Finding] = []
    more: list[Finding] = []
    for answer in answers:
        (more if answer.question in seen else first).append(answer)
        seen.add(answer.question)
    return first, more


def _truth(results: Results) -> dict[str, Any] | None:
    if not results.truth:
        return None
    return {
        "sentence": str(results.truth.get("sentence") or ""),
        "rows": truth_rows(results),
        "elsewhere": false_alarms(results),
    }


def _asset(name: str) -> str:
    return (files("interbrain.report") / "templates" / name).read_text(encoding="utf-8")


def _css() -> str:
    light, dark = variables(LIGHT), variables(DARK)
    return (
        f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}.greys{{filter:invert(.86)}}}}"
        + _asset("page.css").replace("FONT", FONT)
        + figure_css()
    )


def _course(results: Results) -> Section:
    return Section("course", "The course", [*blocks.figure(course.picture(results)), *_drawn(slopes.picture(results))])


def _drawn(picture: Any) -> list[Block]:
    """Blocks of a picture that may be absent without a word, since another one already says why."""
    return [] if picture is None else blocks.figure(picture)


def _where(results: Results) -> Section:
    rows = views.within(results)
    if views.single_place(rows):
        return Section("where", "Where", [blocks.text(where.statement(results), quiet=True)])
    return Section("where", "Where", [*_drawn(where.picture(results)), *blocks.figure(matrix.picture(results))])


def _when(results: Results) -> Section:
    drawn = [b for p in when.pictures(results) for b in blocks.figure(p)] + _drawn(windows.picture(results))
    absent = blocks.text(
        "No coherence map and no windows over time were kept in this run, so nothing can be drawn within a session.",
        True,
    )
    return Section("when", "When", drawn or [absent])


def _who(results: Results) -> Section:
    drawn = [b for p in (lags, leads, phases) for b in _drawn(p.picture(results))] + shares.drawn(results)
    if directed := views.directed_text(results):
        return Section("who-leads", "Who leads", [*drawn, blocks.text(directed, not drawn)])
    absent = blocks.text("The measures that ran have neither lag nor phase, so they cannot say who leads.", True)
    return Section("who-leads", "Who leads", drawn or [absent])


def _chance(results: Results) -> Section:
    drawn = blocks.figure(chance.picture(results))
    if len(results.groups) < 2:
        drawn.append(
            blocks.text(
                f"One {results.unit} was recorded: only nulls within the {results.unit} are possible, and partners "
                "cannot be re-paired."
            )
        )
    else:
        drawn += _drawn(pairings.picture(results))
    drawn += confounds.drawn(results)
    return Section("against-chance", "Against chance", drawn)


def _contrasts(results: Results) -> Section:
    return Section("contrasts", "Contrasts", [b for p in contrasts.pictures(results) for b in blocks.figure(p)])


def _outcome(results: Results) -> Section:
    if results["scores"].empty and results["outcome"].empty:
        return Section(
            "outcome", "Outcome", [blocks.text("The study holds no scores, so nothing is said about outcome.", True)]
        )
    return Section("outcome", "Outcome", [*_drawn(outcome.picture(results)), *_drawn(scores.picture(results))])


def _trust(results: Results) -> Section:
    out = [*_drawn(quality.picture(results)), *_drawn(quality.reasons(results)), *_drawn(size.picture(results))]
    if said := calibration.missing(results):
        out.append(blocks.text(said))
    if len(known := worth.table(results)):
        said = "What one number is worth: how much of its differences is real. The rest is the error of one recording."
        out += [blocks.text(said), blocks.table(known, "Reliability of each place", "reliability", fold=True)]
    problems = results["problems"]
    if problems.empty:
        out.append(blocks.text("No problem was noted: every recording of the study entered the analysis."))
    else:
        lost = int(problems["costs_data"].astype(str).isin(["True", "true", "1", "1.0"]).sum())
        n = len(problems)
        said = (
            f"{words.count(n, 'problem').capitalize()} {'was' if n == 1 else 'were'} noted; "
            f"{'none' if not lost else words.cardinal(lost)} of them cost data."
        )
        out.append(blocks.text(said))
        out.append(blocks.table(problems.rename(columns={"costs_data": "cost data"}), "Problems", "problems"))
    return Section("trust", "Can it be trusted", out)


def _how(results: Results) -> Section:
    said = methods(results)
    out = [blocks.text(p) for p in said.paragraphs]
    if said.references:
        out += [Block("heading", "References"), Block("references", items=list(said.references))]
    if len(known := _instruments(results)):
        out.append(blocks.table(known, "Instruments: what is known, and from where", "instruments", fold=True))
    out += _drawn(flow.picture(results))
    out.append(Block("heading", "The run"))
    out.append(blocks.table(_run_facts(results), "What it was made of", "run", fold=False))
    if results.provenance.get("command"):
        out += [
            blocks.text("To reproduce it, with the plan below as plan.toml:"),
            Block("code", str(results.provenance["command"])),
        ]
    plan = results.folder / "plan.toml"
    if plan.exists():
        out.append(Block("folded", plan.read_text(encoding="utf-8"), "The plan with every default"))
    inputs = results.provenance.get("inputs") or []
    if inputs:
        rows = pd.DataFrame([{"file": str(i.get("file", "")), "SHA-256": str(i.get("sha256", ""))} for i in inputs])
        out.append(blocks.table(rows, "Inputs and their hashes", "inputs", fold=True))
    return Section("how", "How it was done", out)


def _instruments(results: Results) -> pd.DataFrame:
    names = sorted(results["scores"]["instrument"].unique())
    records = [r for r in (results.instrument(str(n)) for n in names) if r is not None]
    rows = [
        {
            "instrument": results.instrument_name(r.name),
            "range": f"{r.score_range[0]:g}–{r.score_range[1]:g}",
            "cut-off": "" if r.cutoff is None else f"{r.cutoff:g}",
            "reliable change": "" if r.reliable_change is None else f"{r.reliable_change:g}",
            "where from": r.note,
        }
        for r in records
    ]
    return pd.DataFrame(rows)


def _run_facts(results: Results) -> pd.DataFrame:
    p = results.provenance
    facts = {
        "interbrain": p.get("interbrain"),
        "Python": p.get("python"),
        "platform": p.get("platform"),
        "libraries": ", ".join(f"{k} {v}" for k, v in (p.get("libraries") or {}).items()),
        "seed": results.plan.get("seed", p.get("seed")),
        "started": p.get("started"),
        "workers": p.get("workers"),
        "total": words.seconds(float(results.timing["total_s"])) if results.timing.get("total_s") else None,
    }
    rows = [
        {"what": k, "value": v if isinstance(v, str) else json.dumps(v)}
        for k, v in facts.items()
        if v not in (None, "")
    ]
    return pd.DataFrame(rows, columns=["what", "value"])


def _limits(results: Results) -> Section:
    return Section("limits", "What this does not show", [Block("list", items=limits(results))])


SECTIONS: tuple[Callable[[Results], Section], ...] = (
    _course,
    _where,
    _when,
    _who,
    _chance,
    _contrasts,
    _outcome,
    _trust,
    _how,
    _limits,
)

__all__ = ["render", "write_page"]
