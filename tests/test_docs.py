"""The pages do what they say: every Python block of a page runs, in order, in an empty folder."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(p.name for p in DOCS.glob("*.md") if "```python" in p.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_example_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = (DOCS / page).read_text(encoding="utf-8")
    names = {"__name__": f"docs_{page}"}
    for match in re.finditer(r"```python\n(.*?)```", source, re.DOTALL):
        line = source[: match.start()].count("\n") + 1
        exec(compile("\n" * line + match[1], page, "exec"), names)


def test_the_house_names_every_room():
    rooms = {p.name for p in (DOCS.parent / "src" / "interbrain").iterdir() if p.is_dir() and p.name[0] != "_"}
    drawn = (DOCS / "house.md").read_text(encoding="utf-8")
    assert all(f"{room}/" in drawn for room in rooms)


def test_the_results_page_names_every_table():
    from interbrain.data.tables import TABLES

    told = (DOCS / "results.md").read_text(encoding="utf-8")
    assert all(f"`{table}.tsv`" in told for table in TABLES)
