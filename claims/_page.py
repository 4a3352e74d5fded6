"""``docs/claims.md``: what was run, what came out, and what is known outside the model. Every number is of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student

from calibrate._kept import markdown
from claims._figures import FIGURES
from claims._forest import draw
from claims._judge import AS_CLAIMED, LEVEL, NOTHING, OPPOSITE, SMALL, UNSURE, VERDICTS, summary
from claims._record import Claim
from claims._runs import Size

PICTURES = "pictures/claims"
HEADER = ("what comes out", "first", "second", "difference [95 %]", "")


def write(docs: Path, claims: Mapping[str, Claim], rows: pd.DataFrame, about: pd.DataFrame, size: Size) -> Path:
    """The page, ``claims.tsv`` with the same numbers in full, and a picture a claim."""
    docs.mkdir(parents=True, exist_ok=True)
    origin = {name: "; ".join(sorted(set(about[name]))) for name in ("date", "machine", "model")}
    table = rows.assign(**origin)
    table.to_csv(docs / "claims.tsv", sep="\t", index=False, na_rep="n/a", float_format="%.7g", lineterminator="\n")
    for name in claims:
        draw(rows[rows["claim"] == name], docs / PICTURES / f"{name}.svg")
    path = docs / "claims.md"
    path.write_text(page(claims, rows, about, size), encoding="utf-8")
    return path


def page(claims: Mapping[str, Claim], rows: pd.DataFrame, about: pd.DataFrame, size: Size) -> str:
    seeds = int(rows["seeds"].max())
    sessions = f"{size.sessions} sessions" if size.sessions else "12 sessions"
    parts = [
        _HEAD.format(
            seeds=seeds, dyads=size.dyads, sessions=sessions, intervals=len(rows), verdicts=_verdicts(), few=_few(seeds)
        ),
        "## At a glance\n\n" + _glance(claims, rows),
        _GONE + _listed(rows, (NOTHING, SMALL)),
        "### Not told apart from nothing\n\n" + _listed(rows, (UNSURE,)),
        "### The other way round\n\n" + _listed(rows, (OPPOSITE,)),
        *(_section(claim, rows[rows["claim"] == name]) for name, claim in claims.items()),
        _figures(rows),
        _origin(about, seeds),
    ]
    return "\n\n".join(parts) + "\n"


def _few(seeds: int) -> str:
    """How far intervals reach with so few seeds, where they are few."""
    factor = student.ppf((1 + LEVEL) / 2, seeds - 1) / np.sqrt(seeds)
    if factor < 1:
        return ""
    return (
        f"\n\n**With {seeds} seeds an interval reaches {factor:.1f} SDs of the differences to each side**: that a "
        "difference is not told apart from 0 says little yet."
    )


def verdict_of(rows: pd.DataFrame, judged_by: str) -> str:
    """Of a claim, by the comparisons of one role."""
    mine = rows[(rows["role"] == judged_by) & rows["counts"]]["verdict"]
    if not len(mine):
        return "not asked"
    came, unsure = (mine == AS_CLAIMED).sum(), (mine == UNSURE).sum()
    word = "yes" if came == len(mine) else "in part" if came else "open" if unsure else "**no**"
    return f"{word}: {summary(mine)}"


def _glance(claims: Mapping[str, Claim], rows: pd.DataFrame) -> str:
    lines = []
    for name, claim in claims.items():
        mine = rows[rows["claim"] == name]
        others = mine[(mine["role"] != claim.judged_by) & mine["counts"]]
        held = f"{(others['verdict'] == AS_CLAIMED).sum()} of {len(others)}" if len(others) else "–"
        link = f"[{claim.claim}](#{_anchor(claim)})"
        lines.append((link, claim.status, verdict_of(mine, claim.judged_by), held, claim.grade))
    head = ("claim", "its outcome is", "does it come out?", "other comparisons as claimed", "evidence outside")
    return markdown(head, lines)


def _title(claim: Claim) -> str:
    return claim.name.replace("_", " ").capitalize()


def _anchor(claim: Claim) -> str:
    return _title(claim).lower().replace(" ", "-")


def _listed(rows: pd.DataFrame, verdicts: Iterable[str]) -> str:
    mine = rows[rows["verdict"].isin(list(verdicts)) & rows["counts"]]
    lines = [f"- `{r.claim}`, {r.title}: {_means(r.figure)}, {_difference(r)}" for r in mine.itertuples()]
    return "\n".join(lines) if lines else "None."


def _section(claim: Claim, rows: pd.DataFrame) -> str:
    sources = ", ".join(f"[{doi}](https://doi.org/{doi})" for doi in claim.dois) or "none"
    tables = [_comparison(title, block) for title, block in rows.groupby("title", sort=False)]
    said = {role: summary(block["verdict"]) for role, block in rows[rows["counts"]].groupby("role", sort=False)}
    names = {"mechanism": "With the mechanism switched off", "rival": "Against rivals", "condition": "Conditions"}
    told = " ".join(f"{names[role]}: {text}." for role, text in said.items())
    return f"""## {_title(claim)}

**{claim.claim}**

- In the model: {claim.mechanism}
- The outcome is **{claim.status}**: {claim.why}
- What would contradict it: {claim.contradicted}
- Outside the model, grade {claim.grade}: {claim.evidence}
- Against: {claim.against}
- Sources: {sources}

{told}

![{_title(claim)}: differences with their intervals]({PICTURES}/{claim.name}.svg)

{chr(10).join(tables)}"""


def _comparison(title: str, block: pd.DataFrame) -> str:
    first = block.iloc[0]
    kind = {"mechanism": "mechanism off", "rival": "rival", "condition": "condition"}[first["role"]]
    lines = [
        (_means(r.figure), _number(r.first), _number(r.second), _difference(r), _said(r)) for r in block.itertuples()
    ]
    note = "" if block["counts"].any() else "\nA premise does not hold, so this comparison says nothing of the claim.\n"
    return f"{title} ({kind}; {first['status']})\n\n{markdown(HEADER, lines)}\n{note}"


def _means(name: str) -> str:
    return FIGURES[name].means if name in FIGURES else name


def _said(row: object) -> str:
    verdict, expects, premise = row.verdict, row.expects, row.premise  # type: ignore[attr-defined]
    asked = {1: "more", -1: "less", 0: "the same"}[int(expects)] + (" is the premise" if premise else " claimed")
    return f"{asked}: {verdict}" if verdict == AS_CLAIMED else f"{asked}: **{verdict}**"


def _difference(row: object) -> str:
    mean, low, high = row.difference, row.low, row.high  # type: ignore[attr-defined]
    if np.isnan(low):
        return _number(mean) + (" (nothing is drawn)" if np.isfinite(mean) else "")
    return f"{_number(mean)} [{_number(low)}, {_number(high)}]"


def _number(x: float) -> str:
    """Three digits behind the point, fewer for large numbers."""
    if not np.isfinite(x):
        return "–"
    text = f"{x:.{3 if abs(x) < 10 else 1}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def _verdicts() -> str:
    return "\n".join(f"- **{name}**: {text}" for name, text in VERDICTS.items())


def _figures(rows: pd.DataFrame) -> str:
    used = dict.fromkeys(zip(rows["figure"], rows["band"]))
    lines = [(f"`{name}`" if name in FIGURES else name, _means(name), f"{band:g}") for name, band in used]
    return "## Figures\n\nMeans over dyads. Negligible bands were written down before any result.\n\n" + markdown(
        ("in the table", "what it is", "negligible"), lines
    )


def _origin(about: pd.DataFrame, seeds: int) -> str:
    dates = sorted(set(about["date"]))
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    minutes = about["cpu_s"].sum() / 60
    machines, models = ("; ".join(sorted(set(about[name]))) for name in ("machine", "model"))
    return (
        f"Run {when} on {machines}: {len(about)} courses, seeds 1 to {seeds}, {minutes:.0f} min of one core, model "
        f"`{models}` (a digest of what it computes): `make claims`."
    )


_GONE = """## What does not come out

### Switched off, or against a rival, it changes nothing that matters

"""

_HEAD = """# Claims

What the theory says of how therapy changes two brains, each run in the [model](model/therapy.md) with its mechanism and
with it switched off. `make claims` writes this page.

**What this can show.** That an outcome which was built in comes out shows that the rule works, nothing about people. An
emergent outcome shows what a set of hypotheses implies. That an ablation changes nothing, or that a rival does as well,
is what one learns most from. Evidence about people stands beside each claim, with what speaks against it.

**How.** Cognitive-behavioural therapy with every default, {dyads} dyads, {sessions}, and nobody leaves (so that both
runs of a pair hold the same people). Pairs share seeds: the same people, noise and life. One value is the mean over the
dyads of a seed; differences are first minus second, with Student's 95 % interval over {seeds} seeds. Nothing in the
model was set by these results. No correction for the {intervals} intervals was made: where there is no difference, one
interval in twenty leaves 0 out by chance. One can run as many seeds as one likes, so a small difference can always be
told apart from 0: what counts is its size beside what is negligible.{few}

What is said of an interval:

{verdicts}

"Claimed" is the direction that the claim asks for; against a rival it means that the model's own rule does more of it.
Statuses and grades are those of [a therapy](model/therapy.md)."""
