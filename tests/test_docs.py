"""The pages do what they say: every Python block of a page runs, in order, in an empty folder."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(
    p.relative_to(DOCS).as_posix()
    for p in DOCS.rglob("*.md")
    if "_build" not in p.parts and "```python" in p.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("page", PAGES)
def test_every_example_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = (DOCS / page).read_text(encoding="utf-8")
    names = {"__name__": f"docs_{page}"}
    for match in re.finditer(r"```python\n(.*?)```", source, re.DOTALL):
        line = source[: match.start()].count("\n") + 1
        exec(compile("\n" * line + match[1], page, "exec"), names)


def test_the_page_of_measures_is_made_of_all_records_when_it_is_built(monkeypatch):
    from urllib.parse import unquote

    from interbrain import measures

    monkeypatch.syspath_prepend(str(DOCS))
    hooks = {}
    setup = runpy.run_path(str(DOCS / "conf.py"))["setup"]
    setup(SimpleNamespace(connect=lambda event, hook: hooks.update({event: hook})))
    typed = (DOCS / "measures.md").read_text(encoding="utf-8")
    source = [typed]
    hooks["source-read"](None, "measures", source)
    other = ["<!-- the measures stand here -->"]
    hooks["source-read"](None, "results", other)
    assert other == ["<!-- the measures stand here -->"]
    parts = dict(re.findall(r"^\((\w+)\)=\n(.*?)(?=^\(\w+\)=$|\Z)", source[0], re.DOTALL | re.MULTILINE))
    assert list(parts) == list(measures.records())
    for name, record in measures.records().items():
        shown = re.sub(r"\\(.)", r"\1", parts[name])
        assert record.formula in parts[name] and record.reference in shown and record.formula not in typed
        assert f"https://doi.org/{record.doi}" in unquote(parts[name])
        assert record.blind_to and all(what in shown for what in record.blind_to)
        assert all(f"`{key}`" in parts[name] and text in shown for key, text in record.settings_help.items())
        assert all(f"`{convention}`" in parts[name] for convention in record.named_settings)
        assert all(how.removeprefix("refused:").strip() in shown for how in record.surrogates.values() if ":" in how)
    assert "- **Range:** −1 to 1" in parts["accorr"] and "- **Range:** up to 0" in parts["dtw"]


def test_the_house_names_every_room():
    rooms = {p.name for p in (DOCS.parent / "src" / "interbrain").iterdir() if p.is_dir() and p.name[0] != "_"}
    drawn = (DOCS / "house.md").read_text(encoding="utf-8")
    assert all(f"{room}/" in drawn for room in rooms)


def test_the_results_page_names_every_table():
    from interbrain.data.tables import TABLES

    told = (DOCS / "results.md").read_text(encoding="utf-8")
    assert all(f"`{table}.tsv`" in told for table in TABLES)
