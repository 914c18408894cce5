"""How answers and errors leave the program: people read text on stderr and stdout, programs read JSON on stdout."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from visavis.errors import VisavisError

EXIT_NO_MATCH, EXIT_ERROR, EXIT_INCONCLUSIVE = 1, 2, 3


def print_json(value: Any) -> None:
    """One JSON document in ASCII, whatever the terminal's encoding; numbers that JSON does not know become null."""
    try:
        typer.echo(json.dumps(_plain(value), indent=2))
    except BrokenPipeError:
        stop_writing()


def print_json_line(value: Any) -> None:
    """One JSON document on one line, as `print_json`; for answers that come one by one."""
    try:
        typer.echo(json.dumps(_plain(value)))
    except BrokenPipeError:
        stop_writing()


def report(error: VisavisError, *, as_json: bool) -> None:
    """Tell a person what went wrong, or a program on one line, as a command that answers line by line must."""
    if as_json:
        print_json_line({"error": {"type": type(error).__name__, "message": str(error)}})
    else:
        typer.secho(f"visavis: {error}", fg=typer.colors.RED, err=True)


def console(*, stderr: bool = False) -> Console:
    """Rich's console. Sentences are left to the terminal to wrap, and names in them are never taken for markup."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:  # Rich would exit with 1, which means "no match" here
            stop_writing()

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 140  # for tables, where there is no terminal
    return Screen(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


def stop_writing() -> None:
    """The reader of stdout has left: nothing more needs saying, but the exit code stays what it would have been."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
