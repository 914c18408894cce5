"""The `visavis` program: its commands, and what becomes of errors."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from visavis import __version__
from visavis.cli import bench, doctor, faces, match, methods, models
from visavis.cli.output import EXIT_ERROR, report
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
    _show_notices()
    try:
        code = app(standalone_mode=False)
    except VisavisError as error:
        report(error, as_json="--json" in sys.argv)
        code = EXIT_ERROR
    except (KeyboardInterrupt, typer.Abort):
        code = _EXIT_INTERRUPTED
    except _USAGE_ERROR as error:
        error.show()  # type: ignore[attr-defined]
        code = EXIT_ERROR
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left: nothing more to say
        code = 0
    sys.exit(code or 0)


def _show_notices() -> None:
    """What a library should only log, a person at the terminal should see: fetched models, damaged caches."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("visavis: %(message)s"))
    logger = logging.getLogger("visavis")
    logger.addHandler(handler)
    logger.propagate = False
