"""How answers and errors leave the program: people read text on stderr and stdout, programs read JSON on stdout."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from visavis.errors import VisavisError

EXIT_NO_MATCH, EXIT_ERROR, EXIT_INCONCLUSIVE = 1, 2, 3


def print_json(value: Any) -> None:
    """One JSON document; numbers that JSON does not know become null."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def report(error: VisavisError, *, as_json: bool) -> None:
    """Tell a person or a program what went wrong."""
    if as_json:
        print_json({"error": {"type": type(error).__name__, "message": str(error)}})
    else:
        typer.secho(f"visavis: {error}", fg=typer.colors.RED, err=True)


def console(*, stderr: bool = False) -> Console:
    """Rich's console; as wide as the terminal, or wide enough for tables where there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 140, highlight=False, soft_wrap=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
