"""`visavis methods`: the published methods and how far each is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from visavis.cli.options import AsJson
from visavis.cli.output import console, print_json
from visavis.methods import Status, find_method
from visavis.methods import methods as all_methods


def methods(
    slug: Annotated[str | None, typer.Argument(help="Show this method alone.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only methods that are this far.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the published methods that visavis is to hold, and how far each one is."""
    chosen = [find_method(slug)] if slug else [m for m in all_methods() if status in (None, m.status)]
    if as_json:
        print_json([{**asdict(method), "status": str(method.status)} for method in chosen])
        return
    from rich.table import Table

    if slug:
        for name, value in asdict(chosen[0]).items():
            console().print(f"{name}: {', '.join(value) if isinstance(value, tuple) else value}")
        return
    table = Table("method", "year", "status", "title")
    for method in chosen:
        table.add_row(method.slug, str(method.year), str(method.status), method.title)
    console().print(table, soft_wrap=False)
    console().print(f"{len(chosen)} methods; `visavis methods NAME` tells more about one")
