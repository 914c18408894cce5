"""The figures of galleries as tables of the documentation; `page.py` puts them on their page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Figures = dict[str, Any]
Table = Callable[..., str]
_RATES = ("0.01", "0.02", "0.05", "0.1")


def search_tables(figures: Figures, table: Table) -> str:
    """Exact, small and approximate search of a million templates."""
    exact = [_exact_row(name, figures[f"exact-{name}"]) for name in ("128", "512")]
    approximate = [
        (
            f"{rows} templates of {size}",
            *_approximate(figures[part]["approximate"] if part == "large" else figures[part]),
        )
        for part, rows, size in (
            ("approximate-128", "1 M", "128 numbers"),
            ("approximate-512", "1 M", "512 numbers"),
            ("large", "10 M", "128 bytes"),
        )
    ]
    small, photos = figures["bytes"], figures["lfw"]
    return "\n\n".join(
        (
            "A million clustered templates, the ten most similar; milliseconds on the clock, median, of single probes "
            "and of 64 at once. Ratios below 1 are faster than the fastest peer of the same run.",
            table(
                (
                    "exact search",
                    "one probe",
                    "of the faster peer",
                    "of the read speed",
                    "64 probes",
                    "of the faster peer",
                ),
                exact,
            ),
            f"128 bytes a template: {small['memory_share']:.2f} of the memory of float32, "
            f"{small['usual_probes']['recall_at_1_loss_points']:.2f} points of recall@1 lost "
            f"({small['poor_probes']['recall_at_1_loss_points']:.2f} with poor probes); on LFW's photos "
            f"{photos['recall_at_1_loss_points']:.2f} points ({100 * photos['recall_at_1']['float32']:.2f} to "
            f"{100 * photos['recall_at_1']['int8']:.2f} %). Ten million of them take "
            f"{figures['large']['tier_mb'] / 1000:.1f} GB, and one exact search "
            f"{figures['large']['single']['wall_p50']:.0f} ms.",
            table(
                ("approximate, on request", "p50, ms", "p95, ms", "recall@1", "built in s", "memory, MB"), approximate
            ),
        )
    )


def store_tables(figures: Figures, table: Table) -> str:
    """Enrolling into and opening the stores."""
    rows = [
        (
            label,
            f"{row['templates']:,}",
            f"{row['enrolled_per_s']:,}",
            f"{row['open_s']:.1f}",
            f"{row.get('read_file_s', float('nan')):.1f}" if "read_file_s" in row else "",
            f"{row['memory_mb']:,}" if "memory_mb" in row else "",
        )
        for label, row in (
            ("SQLite, float32", figures["float32"]),
            ("SQLite, int8", figures["int8"]),
            ("SQLite, encrypted", figures["sealed"]),
            ("PostgreSQL, float32", figures["postgresql"]),
        )
    ]
    ms = figures["postgresql"]["ms"]
    head = ("store", "templates", "enrolled a second", "opened in s", "reading the file, s", "memory, MB")
    return (
        f"{table(head, rows)}\n\nOne probe among {figures['postgresql']['templates']:,} templates in PostgreSQL, "
        f"median on the clock: {ms['pgvector']['wall_median']:.0f} ms by pgvector's exact scan, "
        f"{ms['gallery']['wall_median']:.1f} ms by the gallery."
    )


def identification_tables(figures: Figures, table: Table) -> str:
    """Rank and TPIR at an FPIR that strangers judge."""
    lfw, small = figures["lfw"], figures["celebrities_small"]
    rows = [("LFW", f"{lfw['rank_1']:.4f}", *_point(point)) for point in lfw["points"]]
    rows += [
        (
            f"celebrities_small, {small['splits']} splits",
            f"{small['rank_1']:.4f}",
            rate,
            f"{small['points'][rate]['tpir']:.4f}",
            f"{small['points'][rate]['fpir_pooled']:.4f}",
            f"{small['points'][rate]['stated_low']:.4f} to {small['points'][rate]['stated_high']:.4f}",
            f"{small['points'][rate]['splits_inside']} of {small['splits']}",
        )
        for rate in _RATES
    ]
    coverage = ", ".join(f"{row['inside']} at {rate}" for rate, row in figures["coverage"]["points"].items())
    head = ("set", "rank 1", "FPIR asked", "TPIR", "FPIR achieved", "stated before", "inside")
    return (
        f"{table(head, rows)}\n\nOf {figures['coverage']['halves']} random halves of LFW's people, the FPIR on the "
        f"other half lay inside the stated interval: {coverage}."
    )


def clustering_tables(figures: Figures, table: Table) -> str:
    """Every method beside DBSCAN's best setting on the same templates."""
    rows: list[tuple[str, ...]] = []
    for name, one in figures["accuracy"]["sets"].items():
        oracle = one["dbscan_oracle"]
        rows.append((f"**{name}**, {one['faces']:,} faces of {one['people']:,} people", "", "", "", ""))
        rows.append(("DBSCAN, best setting (chosen with the labels)", *_agreement(oracle), ""))
        rows += [
            (method, *_agreement(row), f"{row['interval'][0]:+.4f} to {row['interval'][1]:+.4f}")
            for method, row in one["methods"].items()
        ]
    head = ("set, method", "BCubed F", "pairwise F", "NMI", "BCubed F less DBSCAN's, 95 %")
    scale = figures["scale"]
    runs = [
        (name, f"{row['cpu_seconds']:.0f}", f"{row['seconds']:.0f}", f"{row['peak_mib']:,}", f"{row['bcubed_f']:.4f}")
        for name, row in scale["runs"].items()
    ]
    size = f"{scale['faces']:,} made-up faces of {scale['people']:,} people"
    return f"{table(head, rows)}\n\n{table((size, 'processor s', 's', 'peak, MiB', 'BCubed F'), runs)}"


def guard_tables(figures: Figures, table: Table) -> str:
    """What the guard refuses of good photos, and what it catches of planted errors."""
    lfw = figures["lfw"]
    planted = (
        ("photos exchanged between folders", lfw["exchanged_in_folders"]),
        ("photos exchanged after the people were enrolled", lfw["exchanged_later"]),
        ("a stranger in a folder", lfw["stranger_in_folder"]),
        *((f"degraded: {name}", row) for name, row in lfw["degraded"].items()),
    )
    rows = [
        (name, f"{row['planted']}", f"{row['refused']}", f"{row['flagged']}", f"{row['share_caught']:.1%}")
        for name, row in planted
    ]
    clean = lfw["clean_people_with_three"]
    return (
        f"Good photos of people with three or more (LFW, {clean['photos']:,}): {clean['refused']:.1%} refused, "
        f"{clean['flagged']:.1%} flagged; LFW's own labels hold errors.\n\n"
        f"{table(('planted in LFW', 'photos', 'refused', 'flagged', 'caught'), rows)}"
    )


def enrolment_tables(figures: Figures, table: Table) -> str:
    """What enrolling costs beyond embedding, and whether memory stays flat."""
    templates, photos = figures["templates"], figures["photos"]
    rows = [
        (
            "templates",
            f"{templates['count']:,}",
            f"{templates['per_second']:,} a second",
            f"{templates['memory_slope_kib_per_image']:+.3f}",
        ),
        (
            "photos",
            f"{photos['count']:,}",
            f"embedding is {photos['share_cpu']:.0%} of the processor time",
            f"{photos['memory_slope_kib_per_image']:+.3f}",
        ),
    ]
    return table(("enrolled", "count", "rate", "memory, KiB each"), rows)


def crash_tables(figures: Figures, table: Table) -> str:
    """What was lost when processes and servers were killed."""
    rows = [
        (
            name,
            f"{row['kills']}",
            f"{row['acknowledged']:,}",
            f"{row['lost']}",
            f"{row['half_written']}",
            f"{row['problems']}",
        )
        for name, row in figures["stores"].items()
    ]
    return table(
        ("killed", "times", "changes acknowledged", "galleries that lost one", "half-written", "problems"), rows
    )


def _exact_row(name: str, row: Figures) -> tuple[str, ...]:
    single, batch = row["single"], row["batch_of_64"]
    return (
        f"{name} numbers",
        f"{single['ms']['tier']['wall_median']:.0f}",
        f"{single['against_the_faster_wall']['median']:.2f}",
        f"{single['share_of_read_speed']:.0%}",
        f"{batch['ms']['tier']['wall_median']:.0f}",
        f"{batch['against_the_faster_wall']['median']:.2f}",
    )


def _approximate(row: Figures) -> tuple[str, ...]:
    plain = row["plain"]
    return (
        f"{plain['all']['wall_p50']:.1f}",
        f"{plain['all']['wall_p95']:.1f}",
        f"{plain['recall_at_1']:.3f}",
        f"{row['build_seconds']['wall']:.0f}",
        f"{row['memory_mb']:.0f}",
    )


def _point(point: Figures) -> tuple[str, ...]:
    stated, achieved = point["threshold"], point["fpir_compared"]
    return (
        f"{stated['fpir']:g}",
        f"{point['tpir']:.4f}",
        f"{achieved['rate']:.4f}",
        f"{stated['low']:.4f} to {stated['high']:.4f}",
        "yes" if point["inside"] else "no",
    )


def _agreement(row: Figures) -> tuple[str, ...]:
    return f"{row['bcubed']['f']:.4f}", f"{row['pairwise']['f']:.4f}", f"{row['nmi']:.4f}"
