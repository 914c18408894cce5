"""The `visavis` program: its commands, and what becomes of errors."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from visavis import __version__
from visavis.cli import (
    bench,
    cluster,
    doctor,
    enroll,
    faces,
    gallery,
    gallery_upgrade,
    gallery_upkeep,
    identify,
    match,
    methods,
    models,
    people,
    synthetic,
)
from visavis.cli.output import EXIT_ERROR, print_json_line, report, stop_writing
from visavis.errors import VisavisError

_EXIT_INTERRUPTED = 130
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]  # ClickException, of whichever click Typer carries

app = typer.Typer(
    name="visavis",
    help="Find, describe, compare and search faces, with calibrated evidence.",
    epilog="Exit codes: 0 done or match, 1 no match or nobody, 2 error, 3 inconclusive.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("match")(match.match)
app.command("detect")(faces.detect)
app.command("embed")(faces.embed)
app.command("quality")(faces.quality)
app.command("enroll")(enroll.enroll)
app.command("identify")(identify.identify)
app.command("cluster")(cluster.cluster)
app.command("methods")(methods.methods)
app.command("doctor")(doctor.doctor)
app.add_typer(models.app, name="models")
app.add_typer(people.app, name="people")
for name, command in (
    ("export", gallery_upkeep.export),
    ("import", gallery_upkeep.import_),
    ("move", gallery_upkeep.move),
    ("new-key", gallery_upkeep.new_key),
    ("rekey", gallery_upkeep.rekey),
    ("upgrade", gallery_upgrade.upgrade),
    ("check-compat", gallery_upgrade.check_compat),
):
    gallery.app.command(name)(command)
app.add_typer(gallery.app, name="gallery")
app.add_typer(bench.app, name="bench")
app.add_typer(synthetic.app, name="synthetic")


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
    _prepare_streams()
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
    except Exception as error:  # Python would leave with 1, which means "no match" here
        code = _unexpected(error)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        stop_writing()
    except OSError as error:
        code = _unexpected(error)
        stop_writing()
    sys.exit(code or 0)


def _prepare_streams() -> None:
    """Output that was closed goes nowhere; names that a terminal cannot show are escaped."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 (open until the program ends)
        getattr(sys, name).reconfigure(errors="backslashreplace")


def _unexpected(error: Exception) -> int:
    """One line about an error that is none of ours; the traceback for those who ask for it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
        typer.echo(f"visavis: the answer could not be written ({error.strerror})", err=True)
        return EXIT_ERROR
    if os.environ.get("VISAVIS_DEBUG"):
        traceback.print_exception(error)
    typer.echo(
        f"visavis: unexpected {type(error).__name__}: {error}; this is a defect of visavis, please report it with what "
        "VISAVIS_DEBUG=1 prints",
        err=True,
    )
    return EXIT_ERROR


def _explain_usage(error: Any, *, as_json: bool) -> None:
    """What Typer has to say about wrong arguments; nothing when it has shown the help for want of any."""
    message = error.format_message()
    if as_json:
        print_json_line({"error": {"type": "UsageError", "message": message}})
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
