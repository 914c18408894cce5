"""Do detector and embedder take the synthetic people for people, and is it the face that carries who they are?

    python benchmarks/synthetic.py            # 200 people x 8 shots, with the controls: about 15 minutes
    python benchmarks/synthetic.py --people 60

Recall, false faces on empty backgrounds and five-point error of the default detector; separation of people by the
default embedder over yaw ranges, with controls in which one thing that should not matter is exchanged; the speed of
making samples; holes; and equal bytes from separate processes. The seed is one that no tuning looked at.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _machine import arguments, describe, machine, progress, run, usable_cores, write_json
from visavis.bench.metrics import auc, eer
from visavis.face import Engine
from visavis.synthetic import Background, Camera, Sample, Shot, Stream, World, photograph
from visavis.synthetic.render import develop, draw
from visavis.synthetic.sample import light_of
from visavis.types import Faces

UNSEEN_SEED = 20_261_124
NEAR, FAR = 35.0, 60.0
Templates = NDArray[np.float32]


@dataclass(frozen=True)
class Described:
    """What the engine made of a set of samples, one row per sample (people in order, shots in order).

    Attributes:
        templates: (people, shots, d); NaN where no face was found.
        yaw: (people, shots) degrees.
        found, hinted: (people, shots) a face at its place with a score of 0.5, of 0.35.
        extra: faces found elsewhere.
        errors: per found face, (5, 2) offset of the five points in the face's own frame, in eye distances.
    """

    templates: Templates
    yaw: NDArray[np.float64]
    found: NDArray[np.bool_]
    hinted: NDArray[np.bool_]
    extra: int
    errors: NDArray[np.float64]


Render = Callable[[World, int, int, int], Sample]
"""How a control renders shot j of person k at a size in pixels."""


def main() -> None:
    options = parse()
    print(describe(machine()))
    figures: dict[str, Any] = {"seed": options.seed, "people": options.people, "shots": options.shots}
    figures["size"] = options.size
    engine = Engine(min_score=0.35)
    figures["false_faces"] = false_faces(engine, options.seed)
    base = described(engine, "people", plain, options)
    figures["detection"] = detection(base)
    figures["five_points"] = five_points(base)
    figures["separation"] = separation(base)
    figures["controls"] = controls(engine, base, options)
    figures["sizes"] = {
        str(size): detection(described(engine, f"{size} px", plain, options, people=40, size=size))
        for size in (112, 256)
    }
    figures["speed"] = speed(options.seed)
    figures["holes"] = holes(options.seed)
    figures["same_bytes"] = same_bytes(options.seed)
    show(figures)
    write_json(options.json, figures)


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "synthetic")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--shots", type=int, default=8, help="per person; the last quarter has yaw from 35 to 60")
    parser.add_argument("--size", type=int, default=160, help="pixels of a picture")
    parser.add_argument("--seed", type=int, default=UNSEEN_SEED)
    return parser.parse_args()


# --- Samples and their controls -------------------------------------------------------------------------------------


def shot_of(world: World, k: int, j: int, shots: int = 8) -> Shot:
    """Shot j of person k without a cover over the face; the last quarter is turned beyond 35 degrees."""
    if j < shots - shots // 4:
        return world.shot(k, j, occluder="none")
    side = 1 if (k + j) % 2 else -1
    yaw = side * (NEAR + (FAR - NEAR) * Stream(world.seed, ("far", k, j)).uniform())
    return world.shot(k, j, occluder="none", yaw=yaw)


def plain(world: World, k: int, j: int, size: int) -> Sample:
    return photograph(world.figure(k), shot_of(world, k, j), size)


def random_hair(world: World, k: int, j: int, size: int) -> Sample:
    """Hair of another person in every shot; the brows stay."""
    other = world.person(1_000_000 + 1000 * k + j)
    return photograph(world.figure(world.person(k), hair_of=other), shot_of(world, k, j), size)


def same_everything(world: World, k: int, j: int, size: int) -> Sample:
    """Everybody with one hair, one tone, no glasses, one garment, one background."""
    one = world.person(0)
    hair = {name: getattr(one, name) for name in HAIR}
    person = replace(world.person(k), **{**hair, "tone": 1.5, "hair_style": "side_part", "glasses": "none"})
    shot = replace(shot_of(world, k, j), clothes="sweater", clothes_seed=1, background_seed=1)
    return photograph(world.figure(person), shot, size)


def equal_tone(world: World, k: int, j: int, size: int) -> Sample:
    return photograph(world.figure(replace(world.person(k), tone=1.5)), shot_of(world, k, j), size)


def own_background(world: World, k: int, j: int, size: int) -> Sample:
    """Each person before a background of their own: a leak, if the embedder looked at backgrounds."""
    return photograph(world.figure(k), replace(shot_of(world, k, j), background_seed=k), size)


def mean_shape(world: World, k: int, j: int, size: int) -> Sample:
    """Everybody with the average head; only what lies on the surface differs."""
    person = world.person(k)
    return photograph(world.figure(replace(person, shape=(0.0,) * len(person.shape))), shot_of(world, k, j), size)


def transplant(people: int, world: World, k: int, j: int, size: int) -> Sample:
    """The hair of person k + 17 (of so many people) on the face of person k."""
    owner = world.person((k + 17) % people)
    return photograph(world.figure(world.person(k), hair_of=owner), shot_of(world, k, j), size)


HAIR = (
    "hair_style",
    "hair_colour",
    "hair_red",
    "grey",
    "hairline",
    "recession",
    "hair_curl",
    "hair_volume",
    "hair_seed",
)


def samples(name: str, how: Render, seed: int, people: int, shots: int, size: int) -> Iterator[Sample]:
    """Samples in order, rendered by one process per core."""
    jobs = [(how, seed, k, shots, size) for k in range(people)]
    tell = progress(name)
    with multiprocessing.get_context("fork").Pool(usable_cores()) as pool:
        for done, group in enumerate(pool.imap(_rendered, jobs), 1):
            tell(done, people)
            yield from group


def _rendered(job: tuple[Render, int, int, int, int]) -> list[Sample]:
    how, seed, k, shots, size = job
    world = World(seed)
    return [how(world, k, j, size) for j in range(shots)]


def described(
    engine: Engine,
    name: str,
    how: Render,
    options: argparse.Namespace,
    people: int | None = None,
    size: int | None = None,
) -> Described:
    """Render a set and let the engine look at it."""
    count, shots = people or options.people, options.shots
    templates = np.full((count, shots, 128), np.nan, np.float32)
    found, hinted = np.zeros((count, shots), bool), np.zeros((count, shots), bool)
    yaw, extra, errors = np.zeros((count, shots)), 0, []
    for number, sample in enumerate(samples(name, how, options.seed, count, shots, size or options.size)):
        place = divmod(number, shots)
        yaw[place] = sample.yaw
        faces = engine.faces(sample.image, quality=False)
        vectors = faces.templates
        row = matching_row(faces, sample)
        extra += sum(1 for i, score in enumerate(faces.scores) if score >= 0.5 and i != row)
        if row is None or vectors is None:
            continue
        hinted[place], found[place] = True, faces.scores[row] >= 0.5
        templates[place] = vectors[row]
        errors.append(aligned_offset(faces.points[row], sample))
    return Described(templates, yaw, found, hinted, extra, np.array(errors))


def matching_row(faces: Faces, sample: Sample) -> int | None:
    """The detection whose centre lies in the true box, the best scored if several."""
    centres = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    box = sample.box
    inside = (centres[:, 0] > box.left) & (centres[:, 0] < box.right)
    inside &= (centres[:, 1] > box.top) & (centres[:, 1] < box.bottom)
    rows = np.flatnonzero(inside)
    return int(rows[np.argmax(faces.scores[rows])]) if len(rows) else None


def aligned_offset(points: NDArray[np.float32], sample: Sample) -> NDArray[np.float64]:
    """(5, 2) found minus true points along the eye line and across it, in eye distances of a frontal view.

    At a yaw the eyes draw together in the picture, so the unit is the larger of their distance there and 0.39 times
    the distance from eyes to mouth over its share in a frontal face.
    """
    true = sample.points.astype(float)
    across = true[1] - true[0]
    down = true[3:].mean(axis=0) - true[:2].mean(axis=0)
    unit = max(float(np.hypot(*across)), float(np.hypot(*down)) / EYE_MOUTH)
    x_axis = across / np.hypot(*across)
    frame = np.stack([x_axis, [-x_axis[1], x_axis[0]]], axis=1)
    return np.asarray((points - true) @ frame / unit)


EYE_MOUTH = 1.05
"""Distance from the eyes' to the mouth's middle over the distance of the eyes, on the average head."""


# --- Figures --------------------------------------------------------------------------------------------------------


def false_faces(engine: Engine, seed: int, count: int = 200) -> dict[str, Any]:
    """Faces found on backgrounds without anybody."""
    found = {"0.5": 0, "0.35": 0}
    for number in range(count):
        background = Background.sample(Stream(seed, ("background", number)).generator())
        scores = engine.faces(develop(background.render(160, 160)), embed=False, quality=False).scores
        for level in found:
            found[level] += int((scores >= float(level)).any())
    return {"backgrounds": count, "with_a_face": found}


def detection(described: Described) -> dict[str, Any]:
    """Recall by yaw."""
    near = np.abs(described.yaw) <= NEAR
    parts = {"up_to_35": near, "35_to_60": ~near, "up_to_60": np.abs(described.yaw) <= FAR}
    recall = {
        name: {"0.5": float(described.found[part].mean()), "0.35": float(described.hinted[part].mean())}
        for name, part in parts.items()
        if part.any()
    }
    return {"samples": int(described.yaw.size), "recall": recall, "false_faces": described.extra}


def five_points(described: Described) -> dict[str, Any]:
    """Mean error of the detector's points against the true ones, in percent of the eye distance, for |yaw| <= 35."""
    near = np.abs(described.yaw[described.hinted]) <= NEAR
    errors = 100 * described.errors[near]
    constant = errors.mean(axis=0)
    return {
        "mean": float(np.hypot(*np.moveaxis(errors, -1, 0)).mean()),
        "mean_after_constant_offsets": float(np.hypot(*np.moveaxis(errors - constant, -1, 0)).mean()),
        "constant_offsets": np.round(constant, 2).tolist(),
    }


def separation(described: Described) -> dict[str, Any]:
    """How well the embedder tells the people apart, for each range of yaw."""
    return {
        "up_to_35": scores(described, np.abs(described.yaw) <= NEAR),
        "up_to_60": scores(described, np.abs(described.yaw) <= FAR),
        "by_yaw_difference": by_yaw_difference(described),
    }


def scores(described: Described, part: NDArray[np.bool_]) -> dict[str, float]:
    """AUC, EER, mean distances and the own threshold (at the EER) of all pairs of the chosen shots."""
    mated, nonmated = distances(described, part)
    threshold = float(np.quantile(nonmated, eer(-mated, -nonmated)))
    return {
        "auc": auc(-mated, -nonmated),
        "eer": eer(-mated, -nonmated),
        "mated": float(mated.mean()),
        "nonmated": float(nonmated.mean()),
        "threshold": threshold,
        "mated_pairs": len(mated),
    }


def flat(described: Described, part: NDArray[np.bool_]) -> tuple[Templates, NDArray[np.int64], NDArray[np.float64]]:
    """Templates, people and yaws of the chosen shots in which a face was found."""
    chosen = part & described.hinted
    people = np.broadcast_to(np.arange(len(chosen))[:, None], chosen.shape)[chosen]
    return described.templates[chosen], people, described.yaw[chosen]


def l2(templates: Templates) -> NDArray[np.float64]:
    squared = (templates.astype(float) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squared[:, None] + squared - 2 * templates.astype(float) @ templates.T, 0)))


def distances(described: Described, part: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    templates, people, _ = flat(described, part)
    first, second = np.triu_indices(len(people), 1)
    all_, same = l2(templates)[first, second], people[first] == people[second]
    return all_[same], all_[~same]


def by_yaw_difference(described: Described) -> dict[str, float]:
    templates, people, yaw = flat(described, np.abs(described.yaw) <= FAR)
    first, second = np.triu_indices(len(people), 1)
    all_, same = l2(templates)[first, second], people[first] == people[second]
    apart = np.abs(yaw[first] - yaw[second])
    bins = {f"{low}-{high}": (apart >= low) & (apart < high) for low, high in pairwise((0, 10, 20, 35, 55, 80))}
    return {name: auc(-all_[same & part], -all_[~same & part]) for name, part in bins.items()}


def controls(engine: Engine, base: Described, options: argparse.Namespace) -> dict[str, Any]:
    """The same measure with one thing exchanged; and whose face a face with someone else's hair is."""
    figures: dict[str, Any] = {}
    for how in (random_hair, same_everything, equal_tone, own_background, mean_shape):
        control = described(engine, how.__name__, how, options)
        figures[how.__name__] = scores(control, np.abs(control.yaw) <= NEAR)
    swapped = described(engine, transplant.__name__, partial(transplant, options.people), options)
    return {**figures, transplant.__name__: owners(base, swapped)}


def owners(base: Described, swapped: Described) -> dict[str, float]:
    """Mean distance of transplanted probes to the face's owner (other shots), the hair's owner, and strangers."""
    people = len(base.templates)
    near = (np.abs(base.yaw) <= NEAR) & base.hinted & swapped.hinted
    to_face, to_hair, to_strangers, first = [], [], [], []
    for k, j in zip(*np.nonzero(near), strict=True):
        others = near.copy()
        others[:, j] = False
        gaps = np.linalg.norm(base.templates - swapped.templates[k, j], axis=2)
        means = np.array([gaps[p][others[p]].mean() if others[p].any() else np.nan for p in range(people)])
        hair = (k + 17) % people
        to_face.append(means[k])
        to_hair.append(means[hair])
        to_strangers.append(np.nanmean(np.delete(means, [k, hair])))
        nearest = np.unravel_index(np.nanargmin(np.where(others, gaps, np.nan)), gaps.shape)[0]
        first.append((nearest == k, nearest == hair))
    nearer = np.mean(np.array(to_face) < np.array(to_hair))
    rank_face, rank_hair = np.mean(first, axis=0)
    return {
        "to_face_owner": float(np.nanmean(to_face)),
        "to_hair_owner": float(np.nanmean(to_hair)),
        "to_strangers": float(np.nanmean(to_strangers)),
        "nearer_to_face_owner": float(nearer),
        "rank_1_face": float(rank_face),
        "rank_1_hair": float(rank_hair),
    }


def speed(seed: int) -> dict[str, Any]:
    """Labelled samples per second of one process per core, and what a person and a shot cost one core."""
    figures: dict[str, Any] = {"processes": usable_cores()}
    for size, people in ((112, 60), (256, 30)):
        with multiprocessing.get_context("fork").Pool(usable_cores()) as pool:
            pool.map(_timed, [(seed, k, size) for k in range(usable_cores() * 2)], chunksize=1)
            began = time.perf_counter()
            costs = pool.map(_timed, [(seed, k, size) for k in range(100, 100 + people)], chunksize=1)
            wall = time.perf_counter() - began
        person, shot = np.median(np.array(costs), axis=0)
        figures[str(size)] = {
            "samples_per_s": 8 * people / wall,
            "person_cpu_ms": float(person),
            "shot_cpu_ms": float(shot),
        }
    return figures


def _timed(job: tuple[int, int, int]) -> tuple[float, float]:
    """Processor ms to make person k, and of each of eight labelled shots."""
    seed, k, size = job
    world = World(seed)
    began = time.process_time()
    figure = world.figure(k)
    made = time.process_time()
    for j in range(8):
        photograph(figure, world.shot(k, j), size).row()
    return 1e3 * (made - began), 1e3 * (time.process_time() - made) / 8


def holes(seed: int, count: int = 500) -> dict[str, int]:
    """Pixels of nothing inside the silhouette of bare heads with an open mouth, turned up to 60 degrees."""
    from scipy import ndimage

    world, pixels, heads = World(seed), 0, 0
    for number in range(count):
        yaw = -FAR + 2 * FAR * number / (count - 1)
        shot = world.shot(number % 50, number, yaw=yaw, expression="surprised", intensity=1.0, occluder="none")
        posed = replace(world.figure(number % 50), hair=()).posed(replace(shot, glasses_on=False))
        camera = Camera.portrait(160, distance=shot.distance, share=shot.head_share, target=posed.centre)
        head = [surface for surface in posed.surfaces(camera) if surface.material.name not in CLOTHING]
        covered = draw(head, camera, light_of(shot)).surface >= 0
        through = int((ndimage.binary_fill_holes(covered, np.ones((3, 3))) & ~covered).sum())
        pixels += through
        heads += through > 0
    return {"shots": count, "shots_with_holes": heads, "pixels": pixels}


CLOTHING = ("cloth", "collar", "beard")


def same_bytes(seed: int) -> bool:
    """Two fresh processes render the same bytes."""
    code = (
        f"import hashlib; from visavis.synthetic import World; w = World({seed}); h = hashlib.sha256();"
        "[h.update(w.render(k, j, 112).image.tobytes()) for k in range(4) for j in range(3)]; print(h.hexdigest())"
    )
    prints = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    }
    return len(prints) == 1


def show(figures: dict[str, Any]) -> None:
    print(f"\nfaces on {figures['false_faces']['backgrounds']} backgrounds: {figures['false_faces']['with_a_face']}")
    for name, recall in figures["detection"]["recall"].items():
        print(f"recall, yaw {name:9} {recall['0.5']:.4f} at 0.5, {recall['0.35']:.4f} at 0.35")
    points = figures["five_points"]
    print(f"five points: {points['mean']:.1f} % of eye distance, {points['mean_after_constant_offsets']:.1f} % after")
    for name in ("up_to_35", "up_to_60"):
        print(f"yaw {name}: {rounded(figures['separation'][name])}")
    for name, row in figures["controls"].items():
        print(f"control {name}: {rounded(row)}")
    print(f"speed: {figures['speed']}")
    print(f"holes: {figures['holes']}; same bytes: {figures['same_bytes']}")


def rounded(row: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in row.items())


if __name__ == "__main__":
    run(main)
