"""What the pages of the synthetic world show can be run, and what they list is what there is."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from visavis.synthetic import Person, Shot, factor_table

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "synthetic.md").read_text(encoding="utf-8")


def hook():
    """docs/synthetic_tables.py, which lies outside every package."""
    spec = importlib.util.spec_from_file_location("synthetic_tables", ROOT / "docs" / "synthetic_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_python_of_the_synthetic_page_runs_from_top_to_bottom(world, tmp_path, monkeypatch):
    from visavis.synthetic.export import export
    from visavis.synthetic.export.people import People

    pytest.importorskip("pyarrow", reason="the table of labels needs visavis[parquet]")
    monkeypatch.chdir(tmp_path)
    export(People(count=1, size=32), "faces")  # what the page's first command makes, smaller
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names = {}
    for block in blocks:
        exec(block, names)
    assert len(blocks) >= 6


def test_the_commands_of_the_synthetic_page_have_these_options(visavis_help):
    commands = re.findall(r"^\$ visavis (synthetic \w+) (.*?)(?: +#.*)?$", PAGE, re.MULTILINE)
    assert {command for command, _ in commands} == {
        f"synthetic {name}" for name in ("people", "scene", "clip", "stereo", "plates", "speech", "sheet")
    }
    for command, arguments in commands:
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in visavis_help(command)


@pytest.fixture
def visavis_help():
    """A function that gives the options of a command."""
    from typer.main import get_command

    from visavis.cli.app import app

    def options_of(command):
        found: Any = get_command(app)
        for name in command.split():
            found = found.commands[name]
        return {option for parameter in found.params for option in parameter.opts}

    return options_of


def test_every_factor_has_a_row_in_the_page_s_tables():
    pytest.importorskip("mkdocs", reason="the site needs visavis[docs]")
    tables = hook()
    for mark, kind in tables.MARKS.items():
        assert mark in PAGE
        rows = tables.factors(kind).splitlines()[2:]
        assert [row.split("`")[1] for row in rows] == list(factor_table(kind))
        assert all(row.count("|") == 5 for row in rows)
    assert set(tables.MARKS.values()) == {Person, Shot}


def test_the_pages_show_pictures_that_are_there_and_small():
    pictures = re.findall(r"!\[.*?\]\((images/.*?)\)", PAGE)
    assert len(pictures) == 2
    assert sum((ROOT / "docs" / name).stat().st_size for name in pictures) < 500_000
    assert "docs/images/synthetic-people.jpg" in (ROOT / "README.md").read_text(encoding="utf-8")
