"""Keeping the result of a benchmark: figures, plots, and the failures to look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from visavis.bench.contact_sheet import save_failures
from visavis.bench.identification import IdentificationReport
from visavis.bench.identification_plots import save_identification_plots
from visavis.bench.pairs import PairsReport
from visavis.bench.plots import save_plots
from visavis.errors import StorageError
from visavis.storage import write_atomic


def save_report(report: PairsReport, root: str | Path, folder: str | Path) -> None:
    """Write `report.json`, `plots.png` and, if there were any, `failures.png` into a folder.

    The contact sheet shows photos of the benchmark: mind their terms before passing it on.

    Raises:
        MissingExtra: matplotlib is not installed.
        StorageError: a file could not be written.
    """
    target = _write_figures(report.to_dict(), folder)
    save_plots(report, target / "plots.png")
    save_failures(report, root, target / "failures.png")


def save_identification_report(report: IdentificationReport, folder: str | Path) -> None:
    """Write `report.json` and `plots.png` into a folder.

    Raises:
        MissingExtra: matplotlib is not installed.
        StorageError: a file could not be written.
    """
    save_identification_plots(report, _write_figures(report.to_dict(), folder) / "plots.png")


def _write_figures(figures: dict[str, Any], folder: str | Path) -> Path:
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{target}: cannot be made a folder ({error.strerror}); choose another") from error
    write_atomic(target / "report.json", json.dumps(figures, indent=1, ensure_ascii=False).encode())
    return target
