"""`visavis bench`: protocols on labelled data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.options import AsJson, with_engine
from visavis.cli.output import console, print_json

if TYPE_CHECKING:
    from visavis.bench.identification import IdentificationReport
    from visavis.bench.pairs import PairsReport
    from visavis.face import Engine

app = typer.Typer(help="Measure accuracy and speed on labelled photos.", no_args_is_help=True)


@app.callback()
def _bench() -> None:
    """Measure accuracy and speed on labelled photos."""


@app.command()
@with_engine
def pairs(
    engine: Engine,
    root: Annotated[Path, typer.Option(help="Folder that the paths of the list are relative to.")],
    pairs: Annotated[Path, typer.Option(help="CSV with the columns fold, same, path_a, path_b.")],
    out: Annotated[Path | None, typer.Option(help="Folder for report.json, the plots and the failures.")] = None,
    as_json: AsJson = False,
) -> None:
    """Accuracy, error rates and calibration on labelled pairs; a photo without a face counts as an error."""
    from rich.progress import Progress

    from visavis.bench.pairs import bench_pairs

    card = engine.embedder_card
    with Progress(console=console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("photos", total=None)
        report = bench_pairs(
            engine,
            pairs,
            root,
            metric=card.output.metric or "cosine",
            calibration=card.calibration.get("flip" if engine.flip else "plain"),
            progress=lambda done, all_: bar.update(task, completed=done, total=all_),
        )
    if out:
        from visavis.bench.report import save_report

        save_report(report, root, out)
    if as_json:
        print_json(report.to_dict())
    else:
        _explain(report, out)


@app.command()
@with_engine
def identify(
    engine: Engine,
    root: Annotated[Path, typer.Option(help="Folder that the paths of the list are relative to.")],
    split: Annotated[Path, typer.Option(help="CSV with the columns role, identity, path.")],
    fpir: Annotated[list[float] | None, typer.Option(help="False-positive identification rate; repeatable.")] = None,
    fusion: Annotated[str, typer.Option(help="max or mean of the similarities to a person's references.")] = "max",
    out: Annotated[Path | None, typer.Option(help="Folder for report.json and the plots.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open-set identification; thresholds are set from the gallery alone, and probes of strangers judge them."""
    from rich.progress import Progress

    from visavis.bench.identification import RATES, bench_identification

    card = engine.embedder_card
    with Progress(console=console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("photos", total=None)
        report = bench_identification(
            engine,
            split,
            root,
            metric=card.output.metric or "cosine",
            calibration=card.calibration.get("flip" if engine.flip else "plain"),
            rates=fpir or RATES,
            fusion=fusion,  # type: ignore[arg-type]  # checked there
            progress=lambda done, all_: bar.update(task, completed=done, total=all_),
        )
    if out:
        from visavis.bench.report import save_identification_report

        save_identification_report(report, out)
    if as_json:
        print_json(report.to_dict())
    else:
        _explain_identification(report, out)


def _explain_identification(report: IdentificationReport, out: Path | None) -> None:
    screen = console()
    screen.print(f"{report.source}: {report.people:,} people enrolled with {report.references:,} photos")
    screen.print(f"probes: {report.mated:,} mated, {report.nonmated:,} non-mated of {report.strangers:,} people")
    screen.print(f"model {report.model}, {report.fusion} over a person's references")
    screen.print(f"rank 1 {report.rank_rate(1):.4f}, rank 5 {report.rank_rate(5):.4f}")
    for point in report.points:
        stated, achieved = point.threshold, point.fpir_compared
        screen.print(
            f"FPIR {stated.fpir:g} asked: threshold {stated.threshold:.4f} from {stated.method}, "
            f"TPIR {point.tpir:.4f}; FPIR achieved {achieved.rate:.4f} ({achieved.low:.4f} to {achieved.high:.4f}), "
            f"{'inside' if point.inside else 'OUTSIDE'} the {stated.low:.4f} to {stated.high:.4f} stated before"
        )
    for rate, why in report.unset.items():
        screen.print(f"FPIR {rate:g}: no threshold; {why}")
    screen.print(f"faces missed {len(report.missed)}; {report.seconds:.1f} s")
    if out:
        screen.print(f"written to {out}", style="dim")


def _explain(report: PairsReport, out: Path | None) -> None:
    screen = console()
    accuracy = report.accuracy
    screen.print(f"{report.source}: {report.pairs:,} pairs ({report.mated:,} mated), {report.images:,} images")
    screen.print(f"model {report.model}")
    interval = report.accuracy_interval
    spread = f", 95 % of resampled people within {interval.low:.4f} to {interval.high:.4f}" if interval else ""
    screen.print(f"accuracy {accuracy.mean:.4f} (std {accuracy.std:.4f} over folds{spread})")
    screen.print(f"AUC {report.auc:.5f}, EER {report.eer:.4f}")
    for rate, fnmr in report.fnmr_at_fmr.items():
        screen.print(f"FNMR at FMR {rate:g}: {fnmr:.4f}")
    for label, value in (("", report.cllr), (" with the card's calibration", report.cllr_card)):
        if value is not None:
            screen.print(f"Cllr{label} {value:.4f} bits (least possible {report.min_cllr:.4f})")
    screen.print(f"faces missed {report.faces_missed}; {report.images_per_s:.1f} images/s")
    for note in report.notes:
        screen.print(f"note: {note}", style="dim")
    if out:
        screen.print(f"written to {out}", style="dim")
