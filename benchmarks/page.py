"""Write the figures of benchmarks/results/*.json into the tables of the documentation.

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

from _gallery_tables import (
    clustering_tables,
    crash_tables,
    enrolment_tables,
    guard_tables,
    identification_tables,
    search_tables,
    store_tables,
)
from _machine import HERE, RESULTS, describe, run
from visavis.errors import DataError
from visavis.storage import write_atomic

DOCS = HERE.parent / "docs"
Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="folder of the JSON files")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="DIR", help="folder of the pages")
    options = parser.parse_args()
    for page, sections in PAGES.items():
        text = (options.docs / page).read_text(encoding="utf-8")
        for write in sections:
            name = write.__name__
            text = filled(text, name, section(options.results / f"{name}.json", write))
        write_atomic(options.docs / page, text.encode())


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


def synthetic(figures: Figures) -> str:
    return "\n\n".join(
        (
            f"{figures['people']} people, {figures['shots']} shots each, {figures['size']} pixels, a seed that no "
            "tuning looked at. Distances are Euclidean, those of the default embedder.",
            synthetic_detection(figures),
            synthetic_separation(figures),
            synthetic_owners(figures["controls"]["transplant"]),
            synthetic_speed(figures),
        )
    )


def synthetic_detection(figures: Figures) -> str:
    points, false = figures["five_points"], figures["false_faces"]
    sets = {f"{figures['size']} px": figures["detection"]}
    sets |= {f"{size} px": row for size, row in figures["sizes"].items()}
    rows = [
        (f"{name}, yaw {part.replace('_', ' ')} degrees", f"{recall['0.5']:.4f}", f"{recall['0.35']:.4f}")
        for name, row in sets.items()
        for part, recall in row["recall"].items()
    ]
    return (
        f"{table(('faces found', 'at a score of 0.5', 'at 0.35'), rows)}\n\nFalse faces on {false['backgrounds']} "
        f"backgrounds: {false['with_a_face']['0.5']}. Five points, yaw up to 35 degrees: {points['mean']:.1f} % of the "
        f"distance of the eyes from the true ones, {points['mean_after_constant_offsets']:.1f} % after one constant "
        "offset for each point."
    )


def synthetic_separation(figures: Figures) -> str:
    named = {
        "all factors vary": figures["separation"]["up_to_35"],
        "the same, yaw up to 60 degrees": figures["separation"]["up_to_60"],
        "hair of somebody else in every shot": figures["controls"]["random_hair"],
        "one hair, tone, garment and background for all": figures["controls"]["same_everything"],
        "one tone for all": figures["controls"]["equal_tone"],
        "a background of their own for each": figures["controls"]["own_background"],
        "the average head for all": figures["controls"]["mean_shape"],
    }
    rows = [
        (name, *(f"{row[key]:.3f}" for key in ("auc", "eer", "mated", "nonmated", "threshold")))
        for name, row in named.items()
    ]
    return table(("yaw up to 35 degrees", "AUC", "EER", "mated", "non-mated", "threshold at the EER"), rows)


def synthetic_owners(row: Figures) -> str:
    return (
        f"With somebody else's hair, faces lie {row['to_face_owner']:.3f} from their owner, {row['to_hair_owner']:.3f} "
        f"from the owner of the hair and {row['to_strangers']:.3f} from strangers; {row['nearer_to_face_owner']:.1%} "
        f"are nearer to the owner of the face, and the nearest single shot is the face owner's in "
        f"{row['rank_1_face']:.1%}, the hair owner's in {row['rank_1_hair']:.1%}."
    )


def synthetic_speed(figures: Figures) -> str:
    speed, holes = figures["speed"], figures["holes"]
    rows = [
        (f"{size} px", *(f"{speed[size][key]:.0f}" for key in ("samples_per_s", "person_cpu_ms", "shot_cpu_ms")))
        for size in ("112", "256")
    ]
    header = (f"labelled samples, {speed['processes']} processes", "per second", "ms per person", "ms per shot")
    return (
        f"{table(header, rows)}\n\nEight shots of each person; the rate includes making the person. Holes in the "
        f"head's silhouette: {holes['pixels']} pixels in {holes['shots']} shots with an open mouth. Equal bytes from "
        f"separate processes: {'yes' if figures['same_bytes'] else 'no'}."
    )


def synthetic_plates(figures: Figures) -> str:
    read, regions = figures["read_exactly"], figures["read_exactly_by_region"]
    rows = [(name, *(f"{row[key]:.0%}" for key in read)) for name, row in regions.items()]
    rows.insert(0, ("all", *(f"{share:.1%}" for share in read.values())))
    header = ("read exactly", "clean, rows given", "clean, rows found by the reader", "as drawn, rows given")
    return f"{figures['plates']} plates read by {figures['reader']}.\n\n{table(header, rows)}"


def gallery_search(figures: Figures) -> str:
    return search_tables(figures, table)


def gallery_stores(figures: Figures) -> str:
    return store_tables(figures, table)


def gallery_identification(figures: Figures) -> str:
    return identification_tables(figures, table)


def gallery_enrolment(figures: Figures) -> str:
    return enrolment_tables(figures, table)


def enrolment_guard(figures: Figures) -> str:
    return guard_tables(figures, table)


def gallery_crash(figures: Figures) -> str:
    return crash_tables(figures, table)


def clustering(figures: Figures) -> str:
    return clustering_tables(figures, table)


PAGES: dict[str, tuple[Callable[[Figures], str], ...]] = {
    "benchmarks.md": (
        *(accuracy, peers, fruits, memory, quality_erc),
        *(gallery_search, gallery_stores, gallery_identification, gallery_enrolment, enrolment_guard, gallery_crash),
        clustering,
    ),
    "synthetic.md": (synthetic, synthetic_plates),
}
"""Which results stand on which page of the documentation."""


if __name__ == "__main__":
    run(main)
