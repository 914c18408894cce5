"""The registry of published methods: what visavis builds from the literature, and how far each one is.

The rows live in `methods.toml` beside this file. The command `visavis methods`, the site's methods pages and the test
that holds every row to its word all read them through here.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from visavis.errors import DataError, InvalidInput

__all__ = ["Method", "Status", "find_method", "methods", "parse_methods"]


class Status(StrEnum):
    """How far a method is."""

    PLANNED = "planned"
    """Nothing usable yet; module and command are intentions."""
    PARTIAL = "partial"
    """Some of it runs; the method's page says what is missing."""
    WORKS = "works"
    """Module, command, tests, measured benchmark and page exist: a test fails when one does not."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the registry.

    Attributes:
        slug: short unique name: lower-case letters, digits and hyphens.
        title: title of the paper.
        year: year of its first publication.
        claim: what the authors claim, in one line of our own words.
        module: dotted path of the module that holds the method.
        command: a command that runs it, capitals standing for the user's values.
        benchmark: name of the protocol that measures it.
        status: how far it is.
        tests: paths of its test files, relative to the repository.
        recipe: path of its training recipe, relative to the repository; None when nothing is trained.
    """

    slug: str
    title: str
    year: int
    claim: str
    module: str
    command: str
    benchmark: str
    status: Status
    tests: tuple[str, ...]
    recipe: str | None = None

    @property
    def room(self) -> str:
        """The room of visavis that the method lives in, such as "train"."""
        return self.module.split(".")[1]


@cache
def methods() -> tuple[Method, ...]:
    """All rows, in the order of the file.

    Raises:
        DataError: the registry shipped with this installation is damaged.
    """
    return parse_methods(files("visavis").joinpath("methods.toml").read_text("utf-8"), "methods.toml")


def find_method(slug: str) -> Method:
    """The row with this slug.

    Raises:
        InvalidInput: no row has it; the message offers the closest slug.
    """
    by_slug = {method.slug: method for method in methods()}
    if slug in by_slug:
        return by_slug[slug]
    close = difflib.get_close_matches(slug.lower(), by_slug, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise InvalidInput(f"no method is called {slug!r}; {hint}`visavis methods` lists all {len(by_slug)}")


def parse_methods(text: str, source: str) -> tuple[Method, ...]:
    """Read and check registry rows.

    Args:
        text: TOML with one `[[method]]` table per row.
        source: name of the text, for messages.

    Raises:
        DataError: the text is not TOML, or a row is incomplete, contradictory or repeated.
    """
    try:
        rows = tomllib.loads(text).get("method", [])
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{source}: not valid TOML ({error}); correct that line") from error
    if not isinstance(rows, list):
        raise DataError(f"{source}: `method` is not a list of rows; start each row with [[method]]")
    found = tuple(_method(row, f"{source}, row {number}") for number, row in enumerate(rows, start=1))
    repeated = {method.slug for method in found if [other.slug for other in found].count(method.slug) > 1}
    if repeated:
        raise DataError(f"{source}: slug used twice: {', '.join(sorted(repeated))}; every row needs its own")
    return found


_PATTERNS = {
    "slug": (r"[a-z0-9]+(-[a-z0-9]+)*", "lower-case words joined by hyphens"),
    "title": (r"\S.*", "one line of text"),
    "claim": (r"\S.*", "one line of text"),
    "module": (r"visavis(\.[a-z][a-z0-9_]*)+", "a dotted module path below visavis"),
    "command": (r"visavis \S.*", "a `visavis ...` command line"),
    "benchmark": (r"[a-z0-9]+(-[a-z0-9]+)*", "the name of a protocol"),
    "recipe": (r"recipes/\S+\.yaml", "a path like recipes/NAME.yaml"),
    "tests": (r"tests/\S+\.py", "paths like tests/ROOM/test_NAME.py"),
}


def _method(row: dict[str, Any], where: str) -> Method:
    """The checked row; `where` names it in messages."""
    where = f"{where} ({row.get('slug', 'no slug')})"
    names = {field.name for field in fields(Method)}
    required = {field.name for field in fields(Method) if field.default is MISSING}
    if missing := required - row.keys():
        raise DataError(f"{where}: {', '.join(sorted(missing))} is missing; add it")
    if unknown := row.keys() - names:
        raise DataError(f"{where}: unknown key {', '.join(sorted(unknown))}; a row has {', '.join(sorted(names))}")
    for name, (pattern, expected) in _PATTERNS.items():
        _check_text(row, name, pattern, f"{where}: {name} must be {expected}")
    if type(row["year"]) is not int or not 1900 <= row["year"] <= 2100:
        raise DataError(f"{where}: year must be a year like 2024, got {row['year']!r}")
    if row["status"] not in list(Status):
        raise DataError(f"{where}: status must be one of {', '.join(Status)}, got {row['status']!r}")
    return Method(**{**row, "status": Status(row["status"]), "tests": tuple(row["tests"])})


def _check_text(row: dict[str, Any], name: str, pattern: str, problem: str) -> None:
    """Every text under `name` (one, or the list of tests) matches `pattern` in full."""
    if name not in row:
        return
    values = row[name] if name == "tests" else [row[name]]
    if not isinstance(values, list):
        raise DataError(f"{problem}, in a list; got {values!r}")
    for value in values:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise DataError(f"{problem}, got {value!r}")
