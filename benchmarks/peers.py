"""visavis and the dlib pipeline side by side: one process, one thread each, processor time, taking turns.

    python benchmarks/peers.py

Three questions: how much faster is embedding, how much faster is a photo with six faces from JPEG bytes to templates,
and what share of the machine's speed do our networks reach. Needs dlib: pip install "visavis[bench]".
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import numpy as np

from _dlib_pipeline import DlibPipeline
from _machine import arguments, describe, interleaved, least_stages, machine, progress, ratio, run, write_json
from _network_cost import Limits, Utilisation, layers_of, matrix_products, measure_copies
from _photos import encoded, portraits, six_faces
from _stages import Stages, overhead
from visavis import images
from visavis.errors import DataError
from visavis.face.engine import Engine
from visavis.models import Network, model_bytes
from visavis.types import Faces

FLOOR = """\
  The floor is the sum over layers of the larger of operations / matrix-product rate and bytes / copy rate: depthwise
  and 1x1 layers move much data for few operations, so no program could reach the peak in them."""
EMBED_BATCHES = (1, 8, 32)
DETECTOR_SIZES = ((320, 256), (640, 384), (640, 480), (1280, 736))


def main() -> None:
    options = parse()
    engine, peer = Engine(threads=1), DlibPipeline()
    people, origin = portraits(options.data)
    photo = encoded(six_faces(people))
    print(describe(machine()))
    figures: dict[str, Any] = {"photos": origin, "rounds": options.rounds}
    figures["photo_to_templates"] = measure_photo(engine, peer, photo, options.rounds)
    show_photo(figures["photo_to_templates"])
    figures["embedding"] = measure_embedding(engine, peer, photo, options.rounds)
    show_embedding(figures["embedding"])
    figures["utilisation"] = measure_utilisation(engine, options.rounds)
    show_utilisation(figures["utilisation"])
    write_json(options.json, figures)


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "peers")
    parser.add_argument("--rounds", type=int, default=10, help="turns that each side gets")
    return parser.parse_args()


def measure_photo(engine: Engine, peer: DlibPipeline, photo: bytes, rounds: int) -> dict[str, Any]:
    """JPEG bytes to the templates of all faces, decoding included on both sides."""
    ours, theirs = engine.faces(photo), peer.faces(photo)
    stages = Stages(engine)
    calls = {"visavis": lambda: engine.faces(photo), "dlib": lambda: peer.templates(photo)}
    timings = interleaved(calls, rounds)
    passes = [stages.run(photo)[1] for _ in range(2 * rounds + 1)][1:]
    theirs_staged = least_stages([peer.stages(photo) for _ in range(min(rounds, 3))])
    shares = [overhead(one) for one in passes]
    return {
        "size": list(ours.image_size),
        "faces": {"visavis": len(ours), "dlib": len(theirs), "same": same_faces(ours, theirs)},
        "ms": {name: timing.to_dict() for name, timing in timings.items()},
        "ratio": ratio(timings["dlib"], timings["visavis"]),
        "stages": {"visavis": least_stages(passes), "dlib": theirs_staged},
        "overhead": {name: round(statistics.median(share[name] for share in shares), 4) for name in shares[0]},
    }


def same_faces(ours: Faces, theirs: Faces) -> int:
    """How many of their boxes have their middle in a box of ours that no other of theirs is in."""
    middles = (theirs.boxes[:, :2] + theirs.boxes[:, 2:]) / 2
    inside = ((middles[:, None] > ours.boxes[None, :, :2]) & (middles[:, None] < ours.boxes[None, :, 2:])).all(2)
    return int((inside.sum(0) == 1).sum())


def measure_embedding(engine: Engine, peer: DlibPipeline, photo: bytes, rounds: int) -> dict[str, Any]:
    """Aligned chips to templates, per chip, for batches of several sizes; both sides get the same chips."""
    chips = engine.chips(images.load(photo), engine.faces(photo, embed=False))
    if not len(chips):
        raise DataError("the composed photo shows no face, so there is nothing to embed; check --data")
    figures = {}
    show = progress("embedding batches")
    for done, batch in enumerate(EMBED_BATCHES):
        show(done, len(EMBED_BATCHES))
        some = np.resize(chips, (batch, *chips.shape[1:]))
        calls = {"visavis": lambda: engine.embed(some), "dlib": lambda: peer.embed(some)}  # noqa: B023 (called here)
        timings = {name: timing.per(batch) for name, timing in interleaved(calls, max(2, rounds // batch)).items()}
        figures[str(batch)] = {
            "ms_per_chip": {name: timing.to_dict() for name, timing in timings.items()},
            "ratio": ratio(timings["dlib"], timings["visavis"]),
            "largest_difference": float(np.abs(engine.embed(some) - peer.embed(some)).max()),
        }
    show(len(EMBED_BATCHES), len(EMBED_BATCHES))
    return figures


def measure_utilisation(engine: Engine, rounds: int) -> dict[str, Any]:
    """Both networks against the machine's matrix-product rate and against the floor of their layers."""
    rng = np.random.default_rng(0)
    networks, layers = {}, {}
    sizes = [(engine.embedder_card, (n, 150, 150, 3), f"embedding, batch {n}") for n in EMBED_BATCHES]
    sizes += [(engine.detector_card, (1, h, w, 3), f"detection, {w}x{h}") for w, h in DETECTOR_SIZES]
    for card, shape, name in sizes:
        model, pixels = model_bytes(card), rng.integers(0, 256, shape, np.uint8)
        layers[name] = layers_of(model, card.id, pixels)
        network = Network(model, card.id, threads=1)
        networks[name] = lambda network=network, pixels=pixels: network.run(pixels)
    products = matrix_products()
    timings = interleaved({**{name: call for name, (call, _) in products.items()}, **networks}, 2 * rounds)
    rates = {name: 1e3 * gflop / min(timings[name].cpu) for name, (_, gflop) in products.items()}
    limits = Limits(max(rates.values()), measure_copies())
    return {
        "peak_gflops": round(limits.gflops, 1),
        "matrix_products_gflops": {name: round(rate, 1) for name, rate in rates.items()},
        "copies_gb_per_s": {str(size): round(rate, 1) for size, rate in limits.copies},
        "networks": {name: Utilisation.of(layers[name], timings[name], limits).to_dict() for name in networks},
    }


def show_photo(figures: dict[str, Any]) -> None:
    faces, ms, outside = figures["faces"], figures["ms"], figures["overhead"]
    width, height = figures["size"]
    found = f"visavis found {faces['visavis']} faces, dlib {faces['dlib']}, {faces['same']} of them the same"
    print(f"\nPhoto to templates, JPEG {width}x{height}: {found}")
    for name in ("visavis", "dlib"):
        stages = ", ".join(f"{stage} {value:.1f}" for stage, value in figures["stages"][name].items())
        print(f"  {name:8} {ms[name]['cpu_min']:8.1f} ms (median {ms[name]['cpu_median']:.1f}): {stages}")
    print(f"  dlib / visavis: {ratio_words(figures['ratio'])}")
    shares = f"{outside['all_else']:.0%} of the networks' time, {outside['all_but_decoding']:.0%} without decoding"
    print(f"  visavis outside its networks: {shares}")


def show_embedding(figures: dict[str, Any]) -> None:
    print("\nEmbedding, per chip")
    for batch, row in figures.items():
        ours, theirs = (row["ms_per_chip"][name]["cpu_min"] for name in ("visavis", "dlib"))
        times = f"visavis {ours:7.2f} ms, dlib {theirs:7.1f} ms; dlib / visavis: {ratio_words(row['ratio'])}"
        print(f"  batch {batch:>2}: {times}; largest difference {row['largest_difference']:.1e}")


def show_utilisation(figures: dict[str, Any]) -> None:
    copies = ", ".join(f"{int(size) >> 10} KiB {rate:.0f}" for size, rate in figures["copies_gb_per_s"].items())
    print(f"\nShare of the machine, one thread: best matrix product {figures['peak_gflops']:.0f} GFLOP/s")
    print(f"  copies, GB/s: {copies}")
    for name, row in figures["networks"].items():
        shares = f"{row['of_peak']:.0%} of the peak, {row['of_floor']:.0%} of the floor"
        print(f"  {name:22} {row['gflop']:7.4f} GFLOP in {row['ms']:7.2f} ms: {shares}")
    print(FLOOR)


def ratio_words(figures: dict[str, float]) -> str:
    spread = f"{figures['low']:.1f} to {figures['high']:.1f}"
    return f"{figures['of_minima']:.1f}x (median turn {figures['median']:.1f}x, {spread})"


if __name__ == "__main__":
    run(main)
