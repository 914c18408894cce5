"""Searching large galleries: how near to the machine's limits, how small, how quick where approximate is enough?

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python benchmarks/gallery_search.py
    python benchmarks/gallery_search.py --only bytes approximate-128 --rows 100000

Parts. exact-128, exact-512: the ten most similar of a million float32 templates, next to one BLAS product with a
partial sort and next to faiss' flat index, taking turns; and what share of the memory's measured read speed that is.
bytes: the same templates in 128 bytes each. approximate-128, approximate-512: short codes with exact re-checks. large:
ten million templates of 128 bytes, once. lfw: what 128 bytes cost real templates of the default model.

Templates are synthetic (see _crowd.py) except for lfw. A quarter of the probes shows people who are not enrolled.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _crowd import Crowd, Probes
from _datasets import find_dataset
from _kept_templates import Kept, OurPipeline
from _machine import Timing, arguments, describe, interleaved, machine, progress, ratio, run, write_json
from memory import resident_kib
from visavis.bench.identification_list import read_identification
from visavis.errors import MissingExtra
from visavis.face.engine import Engine
from visavis.gallery.search import ApproximateIndex, Hits, SearchTier
from visavis.matching import fit_scale, quantization_loss, quantize

K = 10
BATCH = 64
PROBES = 1000
TIMED = 200
MANY = 4000
POOR = 1.8
"""How much further than usual poor photos are from their people: so far that strangers come near."""
THRESHOLD = 0.55
"""Similarity from which on a search would report a match; strangers among a million stay below."""

_SETTLE = 0.1  # seconds

Floats = NDArray[np.float32]
Figures = dict[str, Any]


def main() -> None:
    options = parse()
    print(describe(machine()))
    figures = json.loads(options.json.read_text(encoding="utf-8")) if options.keep and options.json.is_file() else {}
    figures.update(rows=options.rows, k=K, batch=BATCH, blas=blas_kernels())
    print(f"BLAS: {', '.join(figures['blas'])}")
    for name in options.only:
        print(f"\n{name}")
        figures[name] = PARTS[name](options)
        print(json.dumps(figures[name], indent=1))
        gc.collect()
    figures.pop("machine", None)
    write_json(options.json, figures)


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "gallery_search")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS), metavar="PART", help="parts")
    parser.add_argument("--rows", type=int, default=1_000_000, help="templates; ten times as many in the part large")
    parser.add_argument("--rounds", type=int, default=15, help="turns that each side gets")
    parser.add_argument("--keep", action="store_true", help="keep the figures of other parts in the JSON file")
    return parser.parse_args()


def exact(dimension: int) -> Callable[[argparse.Namespace], Figures]:
    """The part that searches float32 templates of one dimension exactly."""

    def part(options: argparse.Namespace) -> Figures:
        crowd = Crowd(options.rows, dimension)
        templates, probes = crowd.templates(), crowd.probes(PROBES)
        tier = SearchTier(dimension, "cosine")
        began = time.perf_counter()
        tier.put(np.arange(len(crowd)), crowd.owners, templates)
        loaded = time.perf_counter() - began
        flat = flat_index(templates)
        single = compare(tier, templates, flat, probes.templates[:1], options.rounds)
        batch = compare(tier, templates, flat, probes.templates[:BATCH], max(3, options.rounds // 3))
        return {
            "templates": describe_crowd(crowd, templates, probes),
            "load_seconds": round(loaded, 3),
            "tier_mb": megabytes(tier.nbytes),
            "same_as_flat": agreement(tier, flat, probes.templates[:200]),
            "single": single,
            f"batch_of_{BATCH}": batch,
            "filters_ms": filters(tier, crowd, probes, options.rounds),
        }

    return part


def compare(tier: SearchTier, templates: Floats, flat: Any, queries: Floats, rounds: int) -> Figures:
    """The tier, its peers and a plain read of all templates, in turn; times in milliseconds for all queries."""
    last = len(templates) - K

    def blas() -> None:
        scores = queries @ templates.T
        np.argpartition(scores, last, axis=1)[:, last:]

    calls: dict[str, Callable[[], object]] = {
        "tier": lambda: tier.search(queries, K),
        "tier_people": lambda: tier.search_groups(queries, K),
        "blas_and_partial_sort": blas,
        "faiss_flat": lambda: flat.search(queries, K),
        "read": lambda: read(templates),
    }
    times = in_turn(calls, rounds)
    peers = {name: times[name] for name in ("blas_and_partial_sort", "faiss_flat")}
    figures: Figures = {"ms": {name: timing.to_dict() for name, timing in times.items()}}
    for clock in ("wall", "cpu"):
        fastest = min(peers, key=lambda name: min(getattr(peers[name], clock)))
        figures[f"against_the_faster_{clock}"] = {"peer": fastest, **slower(times["tier"], peers[fastest], clock)}
    gigabytes = templates.nbytes / 1e9
    figures["read_gb_per_second"] = round(gigabytes / (min(times["read"].wall) / 1e3), 1)
    figures["share_of_read_speed"] = round(min(times["read"].wall) / min(times["tier"].wall), 3)
    return figures


def in_turn(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Time the calls in turn, each when the threads of the one before have gone to sleep: BLAS lets them spin on."""
    times: dict[str, list[Timing]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            time.sleep(_SETTLE)
            times[name].append(interleaved({name: call}, 1, warm_up=0)[name])
    return {
        name: Timing(tuple(t.cpu[0] for t in turns[1:]), tuple(t.wall[0] for t in turns[1:]))
        for name, turns in times.items()
    }


def slower(ours: Timing, peer: Timing, clock: str) -> dict[str, float]:
    """How many times as long we take: of the least times, and the median over rounds."""
    a, b = getattr(ours, clock), getattr(peer, clock)
    pairs = sorted(x / y for x, y in zip(a, b, strict=True))
    return {"of_minima": round(min(a) / min(b), 3), "median": round(pairs[len(pairs) // 2], 3)}


def read(templates: Floats) -> int:
    """Look at every byte, in two threads: nothing that depends on all templates can be quicker."""
    halves = np.array_split(templates.reshape(-1).view(np.int64), 2)
    with ThreadPoolExecutor(2) as pool:
        return max(pool.map(lambda half: int(half.max()), halves))


def filters(tier: SearchTier, crowd: Crowd, probes: Probes, rounds: int) -> Figures:
    """Processor time of one filtered search."""
    rng = np.random.default_rng(0)
    some = {f"{share:g} of the keys": rng.permutation(len(crowd))[: int(share * len(crowd))] for share in (0.001, 0.5)}
    query = probes.templates[:1]
    calls: dict[str, Callable[[], object]] = {
        "without the best person": lambda: tier.search_groups(query, K, exclude_group=probes.people[:1]),
        **{name: partial(tier.search, query, K, allowed=keys) for name, keys in some.items()},
    }
    return {name: timing.to_dict()["cpu_median"] for name, timing in interleaved(calls, rounds).items()}


def agreement(tier: SearchTier, flat: Any, queries: Floats) -> float:
    """Share of the hits of faiss' flat index that the tier has too; they differ where float32 rounding decides."""
    theirs, ours = flat.search(queries, K)[1], tier.search(queries, K).keys
    return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(theirs.tolist(), ours.tolist(), strict=True)]))


def small(options: argparse.Namespace) -> Figures:
    """128-byte templates beside float32: memory, time, and what is lost."""
    crowd = Crowd(options.rows, 128)
    templates, probes = crowd.templates(), crowd.probes(PROBES)
    whole, codes = SearchTier(128, "cosine"), byte_tier(templates, crowd.owners)
    whole.put(np.arange(len(crowd)), crowd.owners, templates)
    kinds = {"usual_probes": crowd.probes(MANY), "poor_probes": crowd.probes(MANY, poor=POOR)}
    query, batch = probes.templates[:1], probes.templates[:BATCH]
    times = interleaved(
        {
            "float32": lambda: whole.search(query, K),
            "int8": lambda: codes.search(query, K),
            f"float32, batch of {BATCH}": lambda: whole.search(batch, K),
            f"int8, batch of {BATCH}": lambda: codes.search(batch, K),
        },
        options.rounds,
    )
    return {
        "memory_mb": {"float32": megabytes(whole.nbytes), "int8": megabytes(codes.nbytes)},
        "memory_share": round(codes.nbytes / whole.nbytes, 4),
        "template_share": 128 / 512,
        **{
            kind: losses(whole.search(asked.templates, 1), codes.search(asked.templates, 1), asked)
            for kind, asked in kinds.items()
        },
        "ms": {name: timing.to_dict() for name, timing in times.items()},
        "speed": ratio(times["float32"], times["int8"]),
    }


def losses(whole: Hits, codes: Hits, probes: Probes) -> Figures:
    """Recall at 1 of both, in people found, and how often the same reference comes first."""
    mated = probes.people >= 0
    rates = {
        name: float((hits.groups[mated, 0] == probes.people[mated]).mean())
        for name, hits in (("float32", whole), ("int8", codes))
    }
    same = whole.keys[:, 0] == codes.keys[:, 0]
    people = whole.groups[:, 0] == codes.groups[:, 0]
    return {
        "recall_at_1": {name: round(rate, 4) for name, rate in rates.items()},
        "recall_at_1_loss_points": round(100 * (rates["float32"] - rates["int8"]), 3),
        "same_first_person_mated": round(float(people[mated].mean()), 4),
        "same_first_reference_mated": round(float(same[mated].mean()), 4),
        "same_first_reference_strangers": round(float(same[~mated].mean()), 4),
        "largest_score_change": round(float(np.abs(whole.scores - codes.scores).max()), 5),
    }


def approximate(dimension: int) -> Callable[[argparse.Namespace], Figures]:
    """The part that searches templates of one dimension by short codes."""

    def part(options: argparse.Namespace) -> Figures:
        crowd = Crowd(options.rows, dimension)
        probes = crowd.probes(PROBES)
        tier = SearchTier(dimension, "cosine")
        for start, block in crowd.blocks():
            keys = np.arange(start, start + len(block))
            tier.put(keys, crowd.owners[keys], block)
        return measure_approximate(tier, probes)

    return part


def measure_approximate(tier: SearchTier, probes: Probes) -> Figures:
    began, began_cpu = time.perf_counter(), time.process_time()
    index = ApproximateIndex(tier, progress=progress("coded"))
    built = {"wall": round(time.perf_counter() - began, 1), "cpu": round(time.process_time() - began_cpu, 1)}
    right = tier.search(probes.templates, 1).scores[:, 0]
    mated = probes.people >= 0
    some = np.random.default_rng(0).permutation(len(probes.templates))[:TIMED]
    figures: Figures = {
        "build_seconds": built,
        "memory_mb": megabytes(index.nbytes),
        "memory_share": round(index.nbytes / tier.nbytes, 4),
        "candidates": index.candidates,
        "own_recall": index.recall.to_dict(),
        "exact": one_by_one(partial(tier.search, k=K), probes.templates[some]),
    }
    for way, threshold in (("plain", None), (f"threshold {THRESHOLD}", THRESHOLD)):
        search = partial(index.search, k=K, threshold=threshold)
        found = np.concatenate([search(query[None]).scores[:, 0] for query in probes.templates])
        figures[way] = {
            "recall_at_1": round(float((found == right).mean()), 4),
            "recall_at_1_mated": round(float((found == right)[mated].mean()), 4),
            "wrong_decisions": int(((found >= THRESHOLD) != (right >= THRESHOLD)).sum()),
            "all": one_by_one(search, probes.templates[some]),
            "mated": one_by_one(search, probes.templates[some][mated[some]]),
        }
    return figures


def one_by_one(search: Callable[[Floats], object], queries: Floats) -> dict[str, float]:
    """Milliseconds per search: on the clock, median and 95th percentile; processor time, mean."""
    times = []
    search(queries[:1])
    began_cpu = time.process_time()
    for query in queries:
        began = time.perf_counter()
        search(query[None])
        times.append(1e3 * (time.perf_counter() - began))
    cpu = 1e3 * (time.process_time() - began_cpu) / len(queries)
    p50, p95 = np.percentile(times, [50, 95])
    return {"wall_p50": round(float(p50), 2), "wall_p95": round(float(p95), 2), "cpu_mean": round(cpu, 2)}


def large(options: argparse.Namespace) -> Figures:
    """Ten times the rows, in 128 bytes each."""
    resident = resident_kib()
    crowd = Crowd(10 * options.rows, 128)
    gc.collect()
    before, tier = resident(), SearchTier(128, "cosine", "int8")
    probes, seconds, show = crowd.probes(PROBES), 0.0, progress("templates")
    for start, block in crowd.blocks():
        tier.scale = tier.scale or fit_scale(block)
        codes, keys = quantize(block, tier.scale).codes, np.arange(start, start + len(block))
        began = time.perf_counter()
        tier.put(keys, crowd.owners[keys], codes)
        seconds += time.perf_counter() - began
        show(start + len(block), len(crowd))
    hits = tier.search(probes.templates[:200], 1)
    mated = probes.people[:200] >= 0
    return {
        "rows": len(tier),
        "put_seconds": round(seconds, 2),
        "tier_mb": megabytes(tier.nbytes),
        "resident_mb": round((resident() - before) / 1024, 0),
        "recall_at_1": round(float((hits.groups[mated, 0] == probes.people[:200][mated]).mean()), 4),
        "single": one_by_one(partial(tier.search, k=K), probes.templates[:50]),
        "people": one_by_one(partial(tier.search_groups, k=K), probes.templates[:50]),
        "batch_ms_per_query": round(batch_ms(tier, probes.templates[:BATCH]), 2),
        "approximate": measure_approximate(tier, probes),
    }


def batch_ms(tier: SearchTier, queries: Floats) -> float:
    began = time.perf_counter()
    tier.search(queries, K)
    return 1e3 * (time.perf_counter() - began) / len(queries)


def lfw(options: argparse.Namespace) -> Figures:
    """Real templates of the default model, by the identification split of LFW: what 128 bytes change."""
    engine, root = Engine(), find_dataset("lfw").root(options.data)
    listed = read_identification(root / "identification.csv", root)
    kept = Kept("lfw", OurPipeline("visavis", engine)).embedded(root, listed.images, progress("lfw"))
    found = ~np.isnan(kept.templates[:, 0])
    names, people = np.unique(listed.identities, return_inverse=True)
    rows = {role: np.intersect1d(listed.rows(role), np.flatnonzero(found)) for role in ROLES}
    enrolled = rows["gallery"]
    whole = SearchTier(128, "euclidean")
    whole.put(enrolled, people[enrolled], kept.templates[enrolled])
    codes = byte_tier(kept.templates[enrolled], people[enrolled], "euclidean", enrolled)
    asked = np.concatenate([rows["probe_mated"], rows["probe_nonmated"]])
    who = np.where(np.isin(asked, rows["probe_mated"]), people[asked], -1)
    probes = Probes(kept.templates[asked], who)
    before, after = (tier.search_groups(probes.templates, 1) for tier in (whole, codes))
    return {
        "model": engine.fingerprint,
        "people": len(names),
        "enrolled": len(enrolled),
        "probes": {"mated": int((who >= 0).sum()), "nonmated": int((who < 0).sum())},
        **losses(before, after, probes),
        "mean_score_change": round(float(np.abs(before.scores - after.scores).mean()), 5),
        "largest_change_of_any_pair": round(
            quantization_loss(
                kept.templates[enrolled],
                quantize(kept.templates[enrolled], fit_scale(kept.templates[enrolled])),
                "euclidean",
            ),
            5,
        ),
    }


ROLES = ("gallery", "probe_mated", "probe_nonmated")


def byte_tier(templates: Floats, owners: NDArray[np.int64], metric: Any = "cosine", keys: Any = None) -> SearchTier:
    """Templates in one byte per number."""
    tier = SearchTier(templates.shape[1], metric, "int8", fit_scale(templates))
    tier.put(np.arange(len(owners)) if keys is None else keys, owners, quantize(templates, tier.scale).codes)
    return tier


def flat_index(templates: Floats) -> Any:
    """faiss' own exact index of unit vectors.

    Raises:
        MissingExtra: faiss is not installed.
    """
    try:
        import faiss
    except ImportError as problem:
        raise MissingExtra('measuring searches needs faiss: pip install "visavis[gallery]"') from problem
    index = faiss.IndexFlatIP(templates.shape[1])
    index.add(templates)
    return index


def describe_crowd(crowd: Crowd, templates: Floats, probes: Probes) -> Figures:
    """How alike the synthetic templates are."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, len(crowd), (2, 20_000))
    apart = crowd.owners[first] != crowd.owners[second]
    nonmated = np.einsum("ij,ij->i", templates[first[apart]], templates[second[apart]])
    mated = np.flatnonzero(crowd.owners[1:] == crowd.owners[:-1])[:20_000]
    return {
        "people": int(crowd.owners[-1]) + 1,
        "effective_dimension": round(crowd.effective_dimension, 1),
        "mated_cosine_median": round(float(np.median((templates[mated] * templates[mated + 1]).sum(axis=1))), 3),
        "nonmated_cosine_deviation": round(float(nonmated.std()), 4),
        "probes": {"mated": int((probes.people >= 0).sum()), "nonmated": int((probes.people < 0).sum())},
    }


def blas_kernels() -> list[str]:
    """Which kernels the BLAS libraries of this process run."""
    setting = os.environ.get("OPENBLAS_CORETYPE")
    told = [] if setting is None else [f"OPENBLAS_CORETYPE={setting}"]
    try:
        import_module("faiss")  # brings a BLAS of its own
        libraries = import_module("threadpoolctl").threadpool_info()
    except ImportError:
        return [*told, "unknown kernels (threadpoolctl is not installed)"]
    return told + [
        f"{Path(library['filepath']).name}: {library.get('architecture')}, {library['num_threads']} threads"
        for library in libraries
        if library["user_api"] == "blas"
    ]


def megabytes(size: int) -> float:
    return round(size / 1e6, 1)


PARTS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "exact-128": exact(128),
    "exact-512": exact(512),
    "bytes": small,
    "approximate-128": approximate(128),
    "approximate-512": approximate(512),
    "large": large,
    "lfw": lfw,
}


if __name__ == "__main__":
    run(main)
