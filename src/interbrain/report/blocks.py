"""What a section is made of: figures, paragraphs and tables, ready for the template, each with its file to save."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from interbrain.report import words
from interbrain.report.figures.common import NARROW, TEXT, WIDE, Picture
from interbrain.report.style import standalone

MOST_ROWS = 300
"""Rows of a table that the page shows; the file on disk has all."""

FOLD_ABOVE = 8
LARGEST_LINK = 300_000
"""Bytes of a table that may travel inside the page as a link."""


@dataclass(frozen=True)
class Link:
    file: str
    href: str
    text: str


@dataclass(frozen=True)
class Column:
    name: str
    numeric: bool


@dataclass(frozen=True)
class Row:
    cells: list[str]
    dyad: str = ""


@dataclass(frozen=True)
class Table:
    title: str
    columns: list[Column]
    rows: list[Row]
    size: str
    folded: bool
    cut: str = ""
    link: Link | None = None


@dataclass(frozen=True)
class Figure:
    """A picture drawn at both widths."""

    key: str
    title: str
    subtitle: str
    svg_wide: str
    svg_narrow: str
    wide: bool
    note: str
    links: list[Link]
    table: Table | None = None


@dataclass(frozen=True)
class Block:
    """One piece of a section; ``kind`` tells the template which field to read."""

    kind: str
    text: str = ""
    title: str = ""
    quiet: bool = False
    figure: Figure | None = None
    table: Table | None = None
    items: list[Any] = field(default_factory=list)


def text(said: str, quiet: bool = False) -> Block:
    return Block("text", said, quiet=quiet)


def data_link(content: bytes, kind: str, file: str, said: str) -> Link:
    return Link(file, f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}", said)


def figure(picture: Picture | str) -> list[Block]:
    """A picture at both widths with its table folded below, or the sentence that stands in its place."""
    if isinstance(picture, str):
        return [text(picture, quiet=True)]
    wide = _spoken(picture.draw(WIDE if picture.wide else TEXT), picture.alt)
    narrow = _spoken(picture.draw(NARROW), picture.alt)
    links = [data_link(standalone(wide).encode(), "image/svg+xml", f"{picture.key}.svg", "Save as SVG")]
    numbers = None
    if picture.table is not None and len(picture.table):
        numbers = table(picture.table, "Its numbers", picture.key, fold=True).table
    drawn = Figure(
        picture.key,
        picture.title,
        picture.subtitle,
        wide,
        _own_ids(narrow),
        picture.wide,
        picture.note,
        links,
        numbers,
    )
    return [Block("figure", figure=drawn)]


def _spoken(svg: str, alt: str) -> str:
    """The alternative text states the finding: it replaces the drawing's own label."""
    from xml.sax.saxutils import quoteattr

    start = svg.index('aria-label="')
    stop = svg.index('"', start + len('aria-label="'))
    label = quoteattr(alt).replace("'", "&#39;") if "'" in quoteattr(alt)[:1] else quoteattr(alt)
    return svg[:start] + f"aria-label={label}" + svg[stop + 1 :]


def _own_ids(svg: str) -> str:
    """Ids are unique in a page, so the narrow drawing's get a suffix."""
    return svg.replace('id="', 'id="n-').replace("url(#", "url(#n-")


def table(rows: pd.DataFrame, title: str, key: str, fold: bool | None = None) -> Block:
    """A table with numbers to the digit that is known; folded where it is long."""
    shown = rows.head(MOST_ROWS)
    columns = [Column(_heading(str(c)), _numeric(rows[c])) for c in rows.columns]
    texts = [_column(rows[c], shown[c]) for c in rows.columns]
    dyads = shown["group"].astype(str).tolist() if "group" in shown else [""] * len(shown)
    cells = [Row([t[i] for t in texts], dyads[i]) for i in range(len(shown))]
    content = rows.to_csv(sep="\t", index=False, na_rep="n/a", float_format="%.12g", lineterminator="\n").encode()
    link = None
    if len(content) <= LARGEST_LINK:
        link = data_link(content, "text/tab-separated-values", f"{key}.tsv", "Save as TSV")
    hidden = len(rows) - len(shown)
    cut = f"{words.number(hidden, decimals=0)} more rows are in the file." if hidden else ""
    return Block(
        "table",
        table=Table(
            title=title,
            columns=columns,
            rows=cells,
            size=f"{words.number(len(rows), decimals=0)} {'row' if len(rows) == 1 else 'rows'}",
            folded=len(rows) > FOLD_ABOVE if fold is None else fold,
            cut=cut,
            link=link,
        ),
    )


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _column(whole: pd.Series, shown: pd.Series) -> list[str]:
    """Numbers of a column share their decimals, so that they align; p-values have their own form."""
    if not _numeric(whole):
        return ["" if v is None or v != v else _word(v) for v in shown]
    name = str(whole.name)
    if name == "p" or name.startswith("p_") or name in ("p corrected", "smallest_p"):
        return [words.p_text(float(v), sign=False) for v in shown]
    values = whole.to_numpy(dtype=float)
    finite = values[np.isfinite(values)]
    if finite.size and np.all(finite == np.round(finite)):
        return [words.number(float(v), decimals=0) for v in shown]
    size = float(np.median(np.abs(finite[finite != 0]))) if finite.size else 1.0
    places = min(4, words.decimals_for(size, 3))
    return [words.number(float(v), decimals=places) for v in shown]


def _word(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return str(value)
