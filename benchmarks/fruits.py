"""FRUITS: does a whole face system answer within 100, 500 or 1000 ms on one core (WebFace260M, Zhu et al., 2021)?

    python benchmarks/fruits.py

A 640x480 JPEG with one face is decoded, its face found, aligned, embedded and compared with a stored template, one
photo at a time on one thread. The class follows from the mean time on the clock, as in the paper.

The paper's core is that of a Xeon E5-2630 v4 at 2.2 GHz. A second class is given for it by the factor
kappa = (this core's rate) / (that core's rate) in a fixed stack of 3x3 convolutions; we have no such processor, so its
rate is a calculation: 80 % of 2.2 GHz x 32 float32 operations per cycle. Both times and both classes are always shown.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import numpy as np
from PIL import ImageOps

from _machine import Timing, arguments, describe, interleaved, machine, run, write_json
from _network_cost import STACK_SHAPE, convolution_stack
from _photos import encoded, one_face, portraits
from _stages import Stages
from visavis.errors import DataError, NotCalibrated
from visavis.face.engine import Engine
from visavis.matching.scores import similarity
from visavis.matching.verification import compare
from visavis.models import Network
from visavis.types import Face, Template

CLASSES = (100, 500, 1000)
REFERENCE_GFLOPS = 0.8 * 2.2 * 32


def main() -> None:
    options = parse()
    people, origin = portraits(options.data)
    engine = Engine(threads=1)
    photo = encoded(one_face(people[0]))
    stored = only_face(engine, encoded(one_face(ImageOps.mirror(people[0]), (800, 600))))
    print(describe(machine()))
    figures = measure(engine, photo, stored, options.rounds, options.reference_gflops)
    show(figures)
    write_json(options.json, {"photos": origin, "rounds": options.rounds, **figures})


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "fruits")
    parser.add_argument("--rounds", type=int, default=100, help="photos timed, after five that are not")
    parser.add_argument(
        "--reference-gflops", type=float, default=REFERENCE_GFLOPS, help="rate of the paper's core in the yardstick"
    )
    return parser.parse_args()


def only_face(engine: Engine, photo: bytes) -> Face:
    """The one face of a photo.

    Raises:
        DataError: it shows none or several, so it would measure something else.
    """
    faces = engine.faces(photo)
    if len(faces) != 1:
        raise DataError(f"the composed photo shows {len(faces)} faces instead of one; check --data")
    return faces[0]


def measure(engine: Engine, photo: bytes, stored: Face, rounds: int, reference: float) -> dict[str, Any]:
    """Photo to decision in a row of single calls, the yardstick in between, and the stages."""
    only_face(engine, photo)
    judge, calibrated = judgement(engine, stored)
    stack, gflop = convolution_stack()
    yardstick = Network(stack, "yardstick", threads=1)
    planes = np.zeros(STACK_SHAPE, np.float32)
    calls = {"system": lambda: judge(engine.faces(photo)[0]), "yardstick": lambda: yardstick.run(planes)}
    timings = interleaved(calls, rounds, warm_up=5)
    stages = Stages(engine)
    passes = [stages.run(photo)[1] for _ in range(rounds)]
    face = engine.faces(photo)[0]
    comparing = interleaved({"compare": lambda: judge(face)}, rounds)["compare"]
    rate = 1e3 * gflop / statistics.median(timings["yardstick"].cpu)
    return {
        "calibrated": calibrated,
        "ms": timings["system"].to_dict(),
        "stages": {**median_stages(passes), "compare": round(statistics.median(comparing.cpu), 3)},
        "yardstick_gflops": round(rate, 1),
        "reference_gflops": round(reference, 1),
        "kappa": round(rate / reference, 3),
        "raw": verdict(timings["system"], 1.0),
        "scaled": verdict(timings["system"], rate / reference),
    }


def judgement(engine: Engine, stored: Face) -> tuple[Any, bool]:
    """What is done with a probe: the calibrated decision, or the bare score where the card has no calibration yet."""
    try:
        compare(stored, stored)
    except NotCalibrated:
        metric, template = engine.embedder_card.output.metric or "cosine", stored.template
        return lambda face: similarity(needed(face.template), needed(template), metric), False
    return lambda face: compare(face, stored), True


def needed(template: Template | None) -> Template:
    if template is None:
        raise DataError("the engine gave a face without a template")
    return template


def verdict(timing: Timing, kappa: float) -> dict[str, float | int | None]:
    """Mean, median and 95th percentile on the clock, multiplied by kappa, and the class of the mean."""
    scaled = Timing(tuple(kappa * t for t in timing.cpu), tuple(kappa * t for t in timing.wall))
    mean = statistics.mean(scaled.wall)
    times = scaled.to_dict()
    return {
        "mean_ms": round(mean, 3),
        "median_ms": times["wall_median"],
        "p95_ms": times["wall_p95"],
        "class": fruits_class(mean),
    }


def fruits_class(mean_ms: float) -> int | None:
    """The strictest budget in ms that a mean time keeps; None when it keeps none."""
    return next((budget for budget in CLASSES if mean_ms <= budget), None)


def median_stages(passes: list[dict[str, float]]) -> dict[str, float]:
    """Median of every stage."""
    return {name: round(statistics.median(stages[name] for stages in passes), 3) for name in passes[0]}


def show(figures: dict[str, Any]) -> None:
    ms, stages = figures["ms"], figures["stages"]
    answer = "decision" if figures["calibrated"] else "score (the model has no calibration yet)"
    print(f"\nPhoto of 640x480 with one face, JPEG bytes to {answer}")
    print(f"  processor time: median {ms['cpu_median']:.1f} ms, 95 % within {ms['cpu_p95']:.1f} ms")
    print(f"  by the clock:   median {ms['wall_median']:.1f} ms, 95 % within {ms['wall_p95']:.1f} ms")
    for stage, value in stages.items():
        print(f"    {stage:28} {value:7.2f} ms")
    print(f"  embedder / detector: {stages['embedder network'] / stages['detector network']:.2f}")
    rates = f"{figures['yardstick_gflops']:.0f} GFLOP/s here, {figures['reference_gflops']:.0f} calculated"
    print(f"  yardstick: {rates} for the paper's core: kappa {figures['kappa']:.2f}")
    for name, label in (("raw", "on this core"), ("scaled", "scaled by kappa")):
        row = figures[name]
        times = f"mean {row['mean_ms']:.1f}, median {row['median_ms']:.1f}, 95 % {row['p95_ms']:.1f} ms"
        kept = f"FRUITS-{row['class']}" if row["class"] else "too slow for any class"
        print(f"  {label:16} {times}: {kept}")


if __name__ == "__main__":
    run(main)
