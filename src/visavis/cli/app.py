"""The `visavis` program: its commands, and what becomes of errors."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from visavis import __version__
from visavis.cli import bench, doctor, faces, match, methods, models
from visavis.cli.output import EXIT_ERROR, print_json, report, stop_writing
from visavis.errors import VisavisError

_EXIT_INTERRUPTED = 130
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]  # ClickException, of whichever click Typer carries

app = typer.Typer(
    name="visavis",
    help="Find, describe, compare and search faces, with calibrated evidence.",
    epilog="Exit codes: 0 done or match, 1 no match, 2 error, 3 inconclusive.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("match")(match.match)
app.command("detect")(faces.detect)
app.command("embed")(faces.embed)
app.command("quality")(faces.quality)
app.command("methods")(methods.methods)
app.command("doctor")(doctor.doctor)
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"visavis {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which one.")
    ] = False,
) -> None:
    """Find, describe, compare and search faces, with calibrated evidence."""


def main() -> None:
    """Entry point: run a command and leave with its exit code; no error of ours ends in a traceback."""
    as_json = "--json" in sys.argv
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names that a terminal cannot show
    try:
        with _shown_notices():
            code = app(standalone_mode=False)
    except VisavisError as error:
        report(error, as_json=as_json)
        code = EXIT_ERROR
    except (KeyboardInterrupt, typer.Abort):
        code = _EXIT_INTERRUPTED
    except _USAGE_ERROR as error:
        _explain_usage(error, as_json=as_json)
        code = EXIT_ERROR
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        stop_writing()
    sys.exit(code or 0)


def _explain_usage(error: Any, *, as_json: bool) -> None:
    """What Typer has to say about wrong arguments; nothing when it has shown the help for want of any."""
    message = error.format_message()
    if as_json:
        print_json({"error": {"type": "UsageError", "message": message}})
    elif message.strip():
        error.show()


@contextmanager
def _shown_notices() -> Iterator[None]:
    """What a library should only log, a person at the terminal should see: fetched models, damaged caches."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("visavis: %(message)s"))
    logger = logging.getLogger("visavis")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
