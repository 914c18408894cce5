"""The registry of methods: it loads, it refuses bad rows, and every row that says "works" keeps its word."""

import ast
import importlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from visavis.errors import DataError, InvalidInput
from visavis.methods import Method, Status, find_method, methods, parse_methods

ROOT = Path(__file__).parents[1]

ROW = """
[[method]]
slug = "unpg"
title = "Unified Negative Pair Generation"
year = 2022
claim = "Batch negatives help."
module = "visavis.train.losses.unpg"
command = "visavis train unpg --data DIR"
benchmark = "pairs"
status = "planned"
tests = ["tests/train/losses/test_unpg.py"]
"""


def test_the_registry_holds_all_46_methods_under_unique_slugs():
    assert len({method.slug for method in methods()}) == len(methods()) == 46


def test_rows_come_back_as_they_are_written():
    (method,) = parse_methods(ROW, "rows")
    assert method.status is Status.PLANNED
    assert method.tests == ("tests/train/losses/test_unpg.py",)
    assert method.recipe is None
    assert method.room == "train"


def test_a_method_is_found_by_its_slug():
    assert find_method("facenet").year == 2015


def test_a_misspelt_slug_is_answered_with_the_closest_one():
    with pytest.raises(InvalidInput, match=r"'FaceNett'; did you mean 'facenet'\? `visavis methods` lists all 46"):
        find_method("FaceNett")


def test_a_slug_like_no_other_gets_no_suggestion():
    with pytest.raises(InvalidInput, match=r"'qqqqqqqq'; `visavis methods` lists"):
        find_method("qqqqqqqq")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("year = 2022", "", r"rows, row 1 \(unpg\): year is missing"),
        ("year = 2022", 'year = "2022"', "year must be a year like 2024, got '2022'"),
        ("year = 2022", "year = 2022\nvenue = 'x'", "unknown key venue"),
        ('"planned"', '"done"', "status must be one of planned, partial, works, got 'done'"),
        ('"unpg"', '"UNPG"', "slug must be lower-case words joined by hyphens, got 'UNPG'"),
        ('"visavis.train', '"train', "module must be a dotted module path below visavis, got 'train"),
        ('["tests/train/losses/test_unpg.py"]', '"tests/test_unpg.py"', "tests must be .* in a list"),
        ("[[method]]", "[method]", r"start each row with \[\[method\]\]"),
        ("[[method]]", "[[method", "rows: not valid TOML"),
        ("[[method]]", ROW + "[[method]]", "slug used twice: unpg"),
    ],
)
def test_a_bad_row_is_refused_with_its_place_and_fault(old: str, new: str, message: str):
    with pytest.raises(DataError, match=message):
        parse_methods(ROW.replace(old, new), "rows")


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.slug)
def test_a_method_that_says_it_works_keeps_its_word(method: Method):
    promises = list(broken_promises(method)) if method.status is Status.WORKS else []
    assert not promises, f"{method.slug} says it works, but: {'; '.join(promises)}"


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.slug)
def test_a_method_that_is_on_its_way_can_be_imported(method: Method):
    if method.status is Status.PARTIAL:
        importlib.import_module(method.module)


def test_a_false_claim_is_seen_through():
    boast = replace(
        find_method("unpg"),
        module="visavis.no_such_room.boast",
        command="visavis no-such-command",
        tests=("tests/no_such_room/test_boast.py",),
        recipe="recipes/no-such-recipe.yaml",
        slug="boast",
    )
    faults = "; ".join(broken_promises(boast))
    for part in (
        "visavis.no_such_room.boast",
        "no-such-command",
        "test_boast.py",
        "no-such-recipe",
        "boast.json",
        "boast.md",
    ):
        assert part in faults


def broken_promises(method: Method) -> Iterator[str]:
    """What a row that says "works" owes and lacks, in words; CONTRIBUTING.md has the same list for people."""
    try:
        importlib.import_module(method.module)
    except ImportError as error:
        yield f"module {method.module} cannot be imported ({error})"
    if not method.tests:
        yield "no tests are named"
    yield from (f"{path} holds no test" for path in method.tests if not holds_a_test(ROOT / path))
    if method.recipe and not (ROOT / method.recipe).is_file():
        yield f"{method.recipe} is missing"
    if not (ROOT / f"docs/methods/{method.slug}.md").is_file():
        yield f"docs/methods/{method.slug}.md is missing"
    if not is_measured(method):
        yield f"benchmarks/results/{method.slug}.json has no measurement of {method.benchmark}"
    if (refusal := help_refused(method.command)) is not None:
        yield f"`{method.command} --help` fails ({refusal})"


def holds_a_test(path: Path) -> bool:
    if not path.is_file():
        return False
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in nodes)


def is_measured(method: Method) -> bool:
    """The result file names the row's benchmark, the command that measured it, and at least one number."""
    path = ROOT / f"benchmarks/results/{method.slug}.json"
    if not path.is_file():
        return False
    result = json.loads(path.read_text("utf-8"))
    return result["benchmark"] == method.benchmark and bool(result["command"]) and bool(result["metrics"])


def help_refused(command: str) -> str | None:
    """None when the command's help can be shown, else the last line of what it said."""
    words = shlex.split(command)[1:]
    start = "import sys; from visavis.cli import main; sys.exit(main())"
    run = subprocess.run(
        [sys.executable, "-c", start, *words, "--help"], capture_output=True, text=True, check=False, timeout=60
    )
    return None if run.returncode == 0 else (run.stderr.strip().splitlines() or ["no message"])[-1]
