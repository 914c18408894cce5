"""Write the figures of benchmarks/results/*.json into the tables of docs/benchmarks.md.

    python benchmarks/page.py

Each table stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; whatever stands there is replaced.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from _machine import HERE, RESULTS, describe, run
from visavis.errors import DataError
from visavis.storage import write_atomic

PAGE = HERE.parent / "docs" / "benchmarks.md"
Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="folder of the JSON files")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE", help="page to fill")
    options = parser.parse_args()
    text = options.page.read_text(encoding="utf-8")
    for name, write in SECTIONS.items():
        text = filled(text, name, section(options.results / f"{name}.json", write))
    write_atomic(options.page, text.encode())


def section(path: Path, write: Callable[[Figures], str]) -> str:
    """The tables of one results file with the machine they were measured on, or a note that there are none."""
    if not path.is_file():
        return "!!! note\n    No run has been recorded yet."
    figures = json.loads(path.read_text(encoding="utf-8"))
    return f"{write(figures)}\n\nMeasured with `python benchmarks/{path.stem}.py` on {describe(figures['machine'])}."


def filled(page: str, name: str, content: str) -> str:
    """The page with what stands between the two marks of that name replaced.

    Raises:
        DataError: the marks are not there, once each and in order.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    parts = re.split(f"{re.escape(begin)}.*?{re.escape(end)}", page, flags=re.DOTALL)
    if len(parts) != 2:
        raise DataError(f"the page needs exactly one pair of marks {begin} and {end}, found {len(parts) - 1}")
    return f"{parts[0]}{begin}\n{content}\n{end}{parts[1]}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def accuracy(figures: Figures) -> str:
    share = f" (about {figures['limit']} pairs of each list)" if figures["limit"] else ""
    header = (
        "list, pipeline",
        "accuracy",
        "95 % interval",
        "at distance 0.6",
        "FNMR@FMR=1e-2",
        "FNMR@FMR=1e-3",
        "EER",
        "Cllr",
        "photos missed",
    )
    rows = []
    for name, outcome in figures["lists"].items():
        rows.append((f"**{name}**, {outcome['pairs']} pairs", *[""] * (len(header) - 1)))
        rows += [accuracy_row(label, row) for label, row in outcome["pipelines"].items()]
    return f"All lists{share}.\n\n{table(header, rows)}\n\n{against_dlib(figures)}"


def accuracy_row(label: str, row: Figures) -> tuple[str, ...]:
    interval = row["interval"]
    return (
        label,
        f"{row['accuracy']:.4f}",
        f"{interval['low']:.4f} to {interval['high']:.4f}",
        f"{row['accuracy_at_distance_0.6']:.4f}",
        *(fnmr(row, rate) for rate in ("0.01", "0.001")),
        f"{row['eer']:.4f}",
        "" if row["cllr"] is None else f"{row['cllr']:.4f}",
        f"{row['faces_missed']} of {row['images']}",
    )


def fnmr(row: Figures, rate: str) -> str:
    """FNMR at a false-match rate, and among the pairs that were compared where that differs."""
    if rate not in row["fnmr_at_fmr"]:
        return "too few pairs"
    counted = row["fnmr_at_fmr"][rate]
    compared = row["fnmr_at_fmr_compared"].get(rate, counted)
    return f"{counted:.4f}" if compared == counted else f"{counted:.4f} ({compared:.4f})"


def against_dlib(figures: Figures) -> str:
    header = ("on the same pairs, against dlib", "difference", "95 % interval", "right alone : dlib right alone", "p")
    rows = [
        (
            f"{name}, {label}",
            f"{row['difference']:+.4f}",
            f"{row['interval']['low']:+.4f} to {row['interval']['high']:+.4f}",
            f"{row['only_visavis_right']} : {row['only_dlib_right']}",
            f"{row['p_value']:.3f}",
        )
        for name, outcome in figures["lists"].items()
        for label, row in outcome["against_dlib"].items()
    ]
    return table(header, rows)


def peers(figures: Figures) -> str:
    photo = figures["photo_to_templates"]
    faces, overhead = photo["faces"], photo["overhead"]
    rows = [
        (f"embedding, per chip, batch {batch}", *speeds(row["ms_per_chip"], row["ratio"]))
        for batch, row in figures["embedding"].items()
    ]
    rows.insert(0, ("photo of 1280x720 with six faces, JPEG to templates", *speeds(photo["ms"], photo["ratio"])))
    stages = "; ".join(
        f"{name}: " + ", ".join(f"{stage} {ms:.1f}" for stage, ms in photo["stages"][name].items())
        for name in ("visavis", "dlib")
    )
    utilisation = figures["utilisation"]
    networks = [
        (name, f"{row['gflop']:.4f}", f"{row['ms']:.2f}", f"{row['of_peak']:.0%}", f"{row['of_floor']:.0%}")
        for name, row in utilisation["networks"].items()
    ]
    return "\n\n".join(
        (
            table(("one thread, processor ms", "visavis", "dlib", "dlib / visavis", "median turn"), rows),
            f"Faces found: visavis {faces['visavis']}, dlib {faces['dlib']}, {faces['same']} of them the same. "
            f"Stages in ms: {stages}. Outside its networks visavis spends {overhead['all_else']:.0%} of their time, "
            f"{overhead['all_but_decoding']:.0%} without decoding the JPEG.",
            f"Best matrix product on one thread: {utilisation['peak_gflops']:.0f} GFLOP/s.",
            table(("network", "GFLOP", "ms", "of the peak", "of the floor"), networks),
        )
    )


def speeds(ms: Figures, ratio: Figures) -> tuple[str, ...]:
    return (
        *(f"{ms[name]['cpu_min']:.2f}" for name in ("visavis", "dlib")),
        f"{ratio['of_minima']:.1f}",
        f"{ratio['median']:.1f}",
    )


def fruits(figures: Figures) -> str:
    rows = [
        (
            label,
            *(f"{figures[name][key]:.1f}" for key in ("mean_ms", "median_ms", "p95_ms")),
            f"FRUITS-{figures[name]['class']}" if figures[name]["class"] else "none",
        )
        for name, label in (("raw", "this core"), ("scaled", f"scaled by kappa = {figures['kappa']:.2f}"))
    ]
    stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in figures["stages"].items())
    return (
        f"{table(('wall ms, one thread', 'mean', 'median', '95 %', 'class'), rows)}\n\nStages, processor ms: {stages}."
    )


def memory(figures: Figures) -> str:
    return (
        f"{figures['count']} photos, {figures['faces']} faces. Slope after {figures['warm_up_images']} photos: "
        f"{figures['slope_kib_per_image']:+.3f} ± {figures['slope_stderr']:.3f} KiB per photo. Resident memory: "
        f"{figures['start_mib']:.0f} MiB at the start, {figures['settled_mib']:.0f} MiB after warm-up, "
        f"{figures['largest_mib']:.0f} MiB at most."
    )


def quality_erc(figures: Figures) -> str:
    rows = [
        (
            f"{name}, {measure}",
            f"{row['gain']:+.3f}",
            f"{row['low']:+.3f} to {row['high']:+.3f}",
            f"{outcome['fnmr']:.4f}",
            f"{row['fnmr_at_20_percent_rejected']:.4f}",
        )
        for name, outcome in figures["sets"].items()
        for measure, row in outcome["gains"].items()
    ]
    header = ("measure", "gain", "95 % interval", f"FNMR@FMR={figures['fmr']:g}", "with 20 % left out")
    return table(header, rows)


SECTIONS: dict[str, Callable[[Figures], str]] = {
    write.__name__: write for write in (accuracy, peers, fruits, memory, quality_erc)
}


if __name__ == "__main__":
    run(main)
