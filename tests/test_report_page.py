"""The page as a file: well formed, self-contained, the same bytes twice, complete where parts are absent."""

from __future__ import annotations

import base64
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import fake_results
from interbrain import write_report
from interbrain.data.errors import BadInput
from interbrain.data.tables import TABLES, read_table, write_table
from interbrain.report import calibration, views
from interbrain.report.figures import leads as lead_figure
from interbrain.report.figures.quality import state
from interbrain.report.montage import layout, position
from interbrain.report.results import Results, read_results
from interbrain.report.style import DARK, LIGHT

VOID = {"meta", "link", "br", "img", "hr", "input", "line", "rect", "circle", "path", "image"}
KINDS = ("full", "one_dyad", "motion")


@pytest.fixture(scope="module")
def pages() -> dict[str, tuple[Path, str]]:
    folders = {kind: fake_results.shared(kind) for kind in KINDS}
    return {kind: (f, write_report(f).read_text(encoding="utf-8")) for kind, f in folders.items()}


class Reader(HTMLParser):
    """Checks nesting, gathers ids, links, figures and visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.svgs: list[dict[str, str]] = []
        self.text: list[str] = []
        self.titles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        self.links += [given[k] for k in ("href", "src", "xlink:href", "srcset") if k in given]
        if tag == "svg":
            self.svgs.append(given)
        if tag == "title":
            self.titles += 1
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.stack):
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.stack == []
    return reader


@pytest.mark.parametrize("kind", KINDS)
def test_page_is_well_formed_and_leans_on_nothing_outside(pages, kind: str) -> None:
    html = pages[kind][1]
    reader = read(html)
    assert len(reader.ids) == len(set(reader.ids))
    targets = {f"#{i}" for i in reader.ids}
    for link in reader.links:
        assert link.startswith("data:") or link in targets, link[:80]
    bare = re.sub(r'(href|src)="data:[^"]*"', "", html)
    outside = re.findall(r"(?:https?:)?//[^\s\"'<]+", bare)
    assert {o for o in outside if "www.w3.org" not in o} == set()
    assert "@import" not in bare and "url(" not in bare.replace("url(#", "")
    assert len(html.encode()) < 5_000_000
    assert str(pages[kind][0]) not in bare


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_speaks_and_can_be_saved(pages, kind: str) -> None:
    html = pages[kind][1]
    reader = read(html)
    assert len(reader.svgs) >= 6
    for svg in reader.svgs:
        assert svg["role"] == "img" and len(svg["aria-label"]) > 20
    saved = re.findall(r'download="([^"]+)\.svg" href="data:image/svg\+xml;base64,([^"]+)"', html)
    assert len(saved) * 2 == len(reader.svgs)
    for _, content in saved:
        root = ET.fromstring(base64.b64decode(content))
        assert root.tag.endswith("svg") and "--found" in ET.tostring(root, encoding="unicode")
    assert reader.titles > 20


@pytest.mark.parametrize("kind", KINDS)
def test_figures_stay_inside_their_box(pages, kind: str) -> None:
    """No mark's anchor lies outside its view box, and no two labels of one figure share a spot."""
    for markup in re.findall(r"<svg .*?</svg>", pages[kind][1], flags=re.S):
        root = ET.fromstring(markup)
        width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
        spots = []
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            assert -1 <= x <= width + 1 and -1 <= y <= height + 1, text.text
            spots.append((round(x), round(y), text.attrib.get("text-anchor")))
        assert len(spots) == len(set(spots))
        assert "nan" not in re.sub(r"<title>.*?</title>|>[^<]*<", "", markup)


def test_same_tables_give_the_same_bytes(pages) -> None:
    folder, html = pages["full"]
    assert write_report(folder).read_text(encoding="utf-8") == html


def test_saved_table_holds_the_figures_numbers(pages) -> None:
    folder, html = pages["full"]
    content = re.search(r'download="course\.tsv" href="data:text/tab-separated-values;base64,([^"]+)"', html)
    assert content is not None
    from io import BytesIO

    saved = pd.read_csv(BytesIO(base64.b64decode(content[1])), sep="\t", dtype={"group": str})
    nulls = read_table("nulls", folder)
    place = nulls.query("signal_a == 'hbo' and segment == 'task' and place_a == 'rTPJ' and place_b == 'rIFG'")
    assert len(saved) == len(place)
    assert saved["excess"].sum() == pytest.approx(place["excess"].sum(), rel=1e-9)


def test_what_is_absent_is_said(pages) -> None:
    text = " ".join(read(pages["one_dyad"][1]).text)
    assert "One dyad was recorded: only nulls within the dyad are possible" in text
    assert "Each dyad met once in these recordings" in text
    assert "The study holds no scores" in text
    assert 'id="fig-course"' not in pages["one_dyad"][1]
    text = " ".join(read(pages["motion"][1]).text)
    assert "Each person gave one channel, so there is no place to compare" in text


def test_simulated_studies_say_so(pages) -> None:
    assert "<strong>Simulated.</strong>" in pages["full"][1]
    assert "Planted and found" in pages["full"][1]
    assert "<strong>Simulated.</strong>" not in pages["motion"][1]


def test_names_are_text_never_markup(pages, tmp_path: Path) -> None:
    folder = tmp_path / "named"
    shutil.copytree(pages["motion"][0], folder)
    nasty = '<script>alert("x")</script>'
    for table in ("synchrony", "nulls", "lags", "pairings"):
        rows = read_table(table, folder)
        for column in ("group", "group_a", "group_b"):
            if column in rows:
                rows[column] = rows[column].replace({"01": nasty})
        write_table(table, rows, folder)
    html = write_report(folder).read_text(encoding="utf-8")
    assert html.count("<script>") == 1
    assert "&lt;script&gt;" in html
    read(html)


def test_a_dyad_is_marked_in_every_figure_that_shows_it(pages) -> None:
    html = pages["full"][1]
    marked = re.findall(r"<svg .*?</svg>", html, flags=re.S)
    assert sum('data-dyad="03"' in svg for svg in marked) >= 10
    assert 'data-pick="03"' in html and 'class="pick" hidden' in html


def test_without_results_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no synchrony\.tsv"):
        write_report(tmp_path)


@pytest.mark.parametrize("table", [name for name in TABLES if name != "synchrony"])
def test_without_a_table_there_is_no_page(pages, tmp_path: Path, table: str) -> None:
    folder = tmp_path / "other"
    shutil.copytree(pages["full"][0], folder)
    (folder / f"{table}.tsv").unlink()
    before = (folder / "report.html").read_bytes()
    with pytest.raises(BadInput, match=rf"lacks {table}\.tsv, which every run writes"):
        write_report(folder)
    assert (folder / "report.html").read_bytes() == before


def test_an_unknown_measure_is_still_reported(pages, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(pages["motion"][0], folder)
    plan = (folder / "plan.toml").read_text(encoding="utf-8").replace('"wlcc"', '"cousin"')
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    assert "Synchrony was measured by cousin" in write_report(folder).read_text(encoding="utf-8")


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_contrast_is_aa(colours: dict[str, str]) -> None:
    """WCAG 2: 4.5 for words on the page and on raised boxes, 3 for marks."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    def contrast(a: str, b: str) -> float:
        high, low = sorted((luminance(colours[a]), luminance(colours[b])), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for word in ("ink", "muted", "found", "side-a", "side-b"):
        for ground in ("paper", "raised"):
            assert contrast(word, ground) >= 4.5, (word, ground)
    assert contrast("null-ink", "paper") >= 3
    assert contrast("null-ink", "null") >= 2.5


def test_places_on_the_head() -> None:
    front, left = position("Fp1") or (0, 0)
    assert front > 0.8 and left > 0
    assert position("F4")[1] < 0 and position("Oz") == (-0.86, 0.0)
    assert position("rTPJ")[1] == -position("left TPJ")[1] < 0
    assert position("S3_D2") is None
    assert layout(["F3", "F4"])[1] is True
    spread, known = layout(["S1_D1", "S1_D2", "S2_D1"])
    assert known is False and len(set(spread.values())) == 3


@pytest.mark.parametrize(
    ("word", "expected"),
    [("kept", "kept"), ("", "kept"), ("dropped", "dropped"), ("left out", "dropped"), ("interpolated", "repaired")],
)
def test_decisions_are_three_states(word: str, expected: str) -> None:
    assert state(word) == expected


def test_a_map_claims_no_more_than_the_tests(pages, tmp_path: Path) -> None:
    assert "the tests do not claim this place" not in pages["full"][1]
    folder = tmp_path / "quiet"
    shutil.copytree(pages["full"][0], folder)
    tests = read_table("tests", folder)
    tests["p_family"] = 0.5
    write_table("tests", tests, folder)
    html = write_report(folder).read_text(encoding="utf-8")
    assert "the tests do not claim this place" in html and "cohere beyond chance" not in html


def test_the_calibration_that_the_report_shows_is_that_of_the_docs(pages) -> None:
    page = (Path(__file__).parents[1] / "docs" / "calibration" / "size.md").read_text(encoding="utf-8")
    lines = [[c.strip() for c in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")]
    told = {tuple(c[:4]): c[4].split(" ")[0] for c in lines if len(c) > 5}
    shown = calibration.table()
    assert len(shown) >= 15
    for row in shown.to_dict("records"):
        key = (row["measure"], row["surrogate"], row["noise"], row["recording"])
        assert told[key] == f"{row['share']:.3f}"
    wtc = shown[(shown["measure"] == "wtc") & (shown["noise"] == "white")].iloc[0]
    assert f"| wtc | circular_shift | white | {wtc['recording']} | {wtc['share']:.3f}" in page
    assert round(wtc["low"], 3) < 0.05 < round(wtc["high"], 3)


def test_calibration_is_of_what_ran(pages) -> None:
    full, motion = (read_results(pages[kind][0]) for kind in ("full", "motion"))
    cells = calibration.cells(full)
    assert set(cells["measure"]) == {"wtc"} and len(cells) >= 3 and calibration.missing(full) == ""
    assert 'id="fig-size"' in pages["full"][1] and 'id="fig-size"' not in pages["motion"][1]
    assert calibration.missing(motion).startswith("Windowed lagged cross-correlation with shuffled segments was not")
    assert "was not calibrated" in pages["motion"][1]


def test_print_leaves_the_figures_tables_out(pages) -> None:
    """Opened, their hundreds of rows and wide columns would shrink every figure on paper."""
    css = pages["full"][1].partition("@media print{")[2].partition("</style>")[0]
    assert "figure .tools" in css.partition("{display:none!important}")[0]
    assert '!d.closest("figure")' in pages["full"][1]


def test_the_rings_of_a_lead_are_what_its_test_averages(pages) -> None:
    results = read_results(pages["full"][0])
    row = views.leads(results).iloc[0]
    own = lead_figure._own(results, row.rename(index={"family": "name"}))
    assert own["lag_s"].mean() == pytest.approx(row["estimate"], rel=1e-9)
    where = views.same_place(results["synchrony"], row)
    first = where[where["group"] == "01"].index[:3]
    some = {n: results[n].loc[first].copy() for n in ("synchrony", "nulls")}
    some["synchrony"]["lag_s"], some["nulls"]["excess"] = [1.0, 2.0, 9.0], [0.1, 0.3, -0.2]
    three = Results(results.folder, {**results.tables, **some}, results.plan, results.provenance, results.timing)
    assert lead_figure._own(three, row.rename(index={"family": "name"}))["lag_s"].tolist() == pytest.approx([1.75])


def test_a_directed_measure_has_rows_a_direction_and_no_test_of_their_difference(tmp_path: Path) -> None:
    folder = shutil.copytree(fake_results.shared("one_dyad"), tmp_path / "directed")
    for name in ("synchrony", "nulls"):
        rows = read_table(name, folder).assign(measure="granger")
        both = pd.concat([rows.assign(direction=d) for d in ("a_to_b", "b_to_a")])
        write_table(name, both, folder)
    write_table("phases", read_table("phases", folder).iloc[:0], folder)
    write_table("lags", read_table("lags", folder).iloc[:0], folder)
    text = " ".join(read(write_report(folder).read_text(encoding="utf-8")).text)
    a, b = read_results(folder).roles
    assert "neither lag nor phase" not in text
    assert f"each direction has its own rows ({a} to {b} and {b} to {a}). Each row was tested against chance" in text
    assert "the difference between the two directions was not tested" in text
    write_table("nulls", read_table("nulls", folder).iloc[:0], folder)
    text = " ".join(read(write_report(folder).read_text(encoding="utf-8")).text)
    assert "None of them was tested against chance; the difference" in text
