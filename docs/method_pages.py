"""MkDocs hook: the methods pages are written from the registry, so that the site cannot claim more than it does.

`methods/index.md` gets one table per room where it says `<!-- methods -->`. Every method gets a page; prose in
`methods/SLUG.md`, where someone wrote it, follows the facts.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from visavis.methods import Method, Status, find_method, methods

MARKER = "<!-- methods -->"
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give every method without a written page an empty one."""
    for method in methods():
        path = f"methods/{method.slug}.md"
        if files.get_file_from_path(path) is None:
            files.append(File.generated(config, path, content=f"# {method.title}\n"))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the tables into the overview, the facts into each method's page."""
    path = PurePosixPath(page.file.src_uri)
    if path.parent.name != "methods" or path.parts[0] != "methods":
        return markdown
    if path.stem == "index":
        return markdown.replace(MARKER, overview())
    heading, _, prose = markdown.partition("\n")
    return f"{heading}\n\n{facts(find_method(path.stem))}\n{prose}"


def overview() -> str:
    """The count of each status, then a table per room in the registry's order."""
    count = {status: sum(method.status is status for method in methods()) for status in Status}
    lines = ["**" + ", ".join(f"{number} {status}" for status, number in count.items()) + "**", ""]
    for room, rows in groupby(sorted(methods(), key=room_order), key=lambda method: method.room):
        lines += [f"## {room}", "", "| method | year | in one line | status |", "|---|---|---|---|"]
        lines += [f"| [{row.slug}]({row.slug}.md) | {row.year} | {row.claim} | {row.status} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def room_order(method: Method) -> int:
    """Where the method's room first appears in the registry."""
    return [other.room for other in methods()].index(method.room)


def facts(method: Method) -> str:
    """The registry row, and what was measured, as Markdown."""
    rows = {
        "status": f"**{method.status}**",
        "published": str(method.year),
        "the authors claim": method.claim,
        "module": f"`{method.module}`",
        "command": f"`{method.command}`",
        "recipe": f"`{method.recipe}`" if method.recipe else "nothing is trained",
        "benchmark": f"`{method.benchmark}`",
        "tests": ", ".join(f"`{path}`" for path in method.tests),
    }
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
    return f"{table}\n\n{measured(method)}\n"


def measured(method: Method) -> str:
    """The numbers of `benchmarks/results/SLUG.json` with the command that gives them."""
    path = RESULTS / f"{method.slug}.json"
    if not path.is_file():
        return "Nothing has been measured yet."
    result = json.loads(path.read_text("utf-8"))
    rows = [f"| {name} | {value} |" for name, value in result["metrics"].items()]
    return "\n".join([f"Measured with `{result['command']}`:", "", "| metric | value |", "|---|---|", *rows])
