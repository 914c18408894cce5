"""What the enrolment guard keeps out, and what it should have let in: real photos, with errors planted among them.

    python benchmarks/enrolment_guard.py
    python benchmarks/enrolment_guard.py --only celebrities_small

Clean: all photos as they are labelled. Planted, among the people with three photos or more, in dry runs: two people's
photos exchanged (the last of each, in folders and against a gallery that holds the others), a photo of somebody else in
a folder, a person enrolled again under another name, and photos brought down or blurred. A planted photo counts as
caught if it is refused; flags are counted apart. The labels of LFW are not free of errors themselves.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from _datasets import find_dataset
from _machine import arguments, run, write_json
from visavis.face.engine import Engine
from visavis.gallery.enrolment import EnrolmentReport, PhotoOf, enrol_photos

SETS = ("lfw", "celebrities_small")
_MOST = 300
"""Planted photos of each kind."""
_MOST_DEGRADED = 60

Photos = dict[str, list[Path]]
Spoil = Callable[[Image.Image, float], Image.Image]
"""From a photo and the height of its face in pixels to a spoilt copy."""


def main() -> None:
    parser = arguments(str(__doc__).partition("\n")[0], "enrolment_guard")
    parser.add_argument("--only", nargs="+", choices=SETS, default=SETS, metavar="SET", help="data sets")
    options = parser.parse_args()
    engine = Engine()
    figures: dict[str, Any] = {"model": engine.fingerprint}
    for name in options.only:
        figures[name] = measured(engine, photos_of(name, options.data))
        show(name, figures[name])
    figures["group_photos"] = groups(engine, options.data)
    write_json(options.json, figures)


def photos_of(name: str, data: Path) -> Photos:
    """Everybody's photos in order of path."""
    dataset = find_dataset(name)
    found: Photos = defaultdict(list)
    for row in sorted(dataset.rows(data), key=lambda row: row["path"]):
        found[f"{row.get('source_set', '')} {row['identity']}".strip()].append(dataset.root(data) / row["path"])
    return dict(found)


def measured(engine: Engine, photos: Photos) -> dict[str, Any]:
    several = {person: paths for person, paths in photos.items() if len(paths) >= 3}
    return {
        "clean": told(enrolled(engine, listed(photos))),
        "clean_people_with_three": told(enrolled(engine, listed(several))),
        "exchanged_in_folders": exchanged(engine, several),
        "exchanged_later": exchanged_later(engine, several),
        "stranger_in_folder": strangers(engine, several),
        "second_name": second_name(engine, several),
        "degraded": degraded(engine, several),
    }


def exchanged(engine: Engine, photos: Photos) -> dict[str, Any]:
    """The last photos of pairs of people exchanged, folders judged as a whole."""
    items, planted = [], set()
    for person, other, keep in _pairs(photos):
        items += [PhotoOf(path, person) for path in photos[person][:-1]]
        last = photos[other if keep else person][-1]
        items.append(PhotoOf(last, person))
        planted |= {str(last)} if keep else set()
    return caught(enrolled(engine, items), planted)


def exchanged_later(engine: Engine, photos: Photos) -> dict[str, Any]:
    """The same, but the wrong photos come when everything else is enrolled."""
    pairs = _pairs(photos)
    items = [PhotoOf(path, person) for person, *_ in pairs for path in photos[person][:-1]]
    wrong = [PhotoOf(photos[other if keep else person][-1], person) for person, other, keep in pairs]
    planted = {str(item.photo) for item, (*_, keep) in zip(wrong, pairs, strict=True) if keep}
    return caught(enrolled(engine, [*items, *wrong]), planted)


def strangers(engine: Engine, photos: Photos) -> dict[str, Any]:
    """In every second folder a photo of somebody who is not enrolled."""
    people = _shuffled(photos)
    hosts, outside = people[::2], people[1::2]
    items, planted = [], set()
    for host, stranger in list(zip(hosts, outside, strict=False))[:_MOST]:
        items += [PhotoOf(path, host) for path in [*photos[host], photos[stranger][0]]]
        planted.add(str(photos[stranger][0]))
    return caught(enrolled(engine, items), planted)


def second_name(engine: Engine, photos: Photos) -> dict[str, Any]:
    """Everybody's last photo under another name: to be flagged, with the name."""
    people = _shuffled(photos)[:_MOST]
    items = [PhotoOf(path, person) for person in people for path in photos[person][:-1]]
    again = [PhotoOf(photos[person][-1], f"another {person}") for person in people]
    report = enrolled(engine, [*items, *again])
    found = [one for one in report.outcomes if one.person.startswith("another ")]
    right = sum(any(one.person[8:] in finding.people for finding in one.findings) for one in found)
    return {"planted": len(found), "named": right}


def degraded(engine: Engine, photos: Photos) -> dict[str, Any]:
    """One more photo of a person, spoilt."""
    people = _shuffled(photos)[:_MOST_DEGRADED]
    found = {}
    for name, spoil in SPOILT.items():
        items = []
        for person in people:
            *others, last = photos[person]
            items += [PhotoOf(path, person) for path in others]
            image = Image.open(last).convert("RGB")
            height = engine.faces(image, embed=False, quality=False)[0].box.height
            items.append(PhotoOf(_encoded(spoil(image, height)), person, source=f"spoilt {last}"))
        report = enrolled(engine, items)
        found[name] = caught(report, {one.source for one in report.outcomes if one.source.startswith("spoilt ")})
    return found


def groups(engine: Engine, data: Path) -> dict[str, Any]:
    """Photos of groups, each given for somebody new."""
    paths = sorted(path for path in (data / "group_photos").rglob("*") if path.suffix in (".jpg", ".png"))
    crowded = [path for path in paths if len(engine.faces(path, embed=False, quality=False)) > 1]
    report = enrolled(engine, [PhotoOf(path, f"person {i}") for i, path in enumerate(crowded)])
    return told(report)


def _shrunk(height: int) -> Spoil:
    """Brought down until the face has this height, and back."""

    def spoil(image: Image.Image, face: float) -> Image.Image:
        size = max(1, round(image.width * height / face)), max(1, round(image.height * height / face))
        return image.resize(size, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)

    return spoil


def _blurred(share: float) -> Spoil:
    """Blurred by this share of the face's height (standard deviation)."""
    return lambda image, face: image.filter(ImageFilter.GaussianBlur(share * face))


SPOILT: dict[str, Spoil] = {
    "face of 24 pixels": _shrunk(24),
    "face of 16 pixels": _shrunk(16),
    "face of 12 pixels": _shrunk(12),
    "face of 8 pixels": _shrunk(8),
    "blur of 3 % of the face": _blurred(0.03),
    "blur of 5 % of the face": _blurred(0.05),
    "nearly black": lambda image, face: image.point(lambda value: int(value * 0.06)),
}


def enrolled(engine: Engine, items: Sequence[PhotoOf]) -> EnrolmentReport:
    return enrol_photos(None, engine, items, dry_run=True)


def listed(photos: Photos) -> list[PhotoOf]:
    return [PhotoOf(path, person) for person, paths in photos.items() for path in paths]


def told(report: EnrolmentReport) -> dict[str, Any]:
    """Shares of photos refused and flagged, and how often each kind was found."""
    photos, counts = len(report.outcomes), report.counts()
    return {
        "photos": photos,
        "people": len({one.person for one in report.outcomes}),
        "refused": counts["refused"] / photos,
        "refused_but_for_several_faces": _share(report, "refused", "several faces"),
        "flagged": counts["flagged"] / photos,
        "flagged_but_for_several_faces": _share(report, "flagged", "several faces"),
        "refused_kinds": _kinds(report.refused),
        "flagged_kinds": _kinds(report.flagged),
    }


def caught(report: EnrolmentReport, planted: Iterable[str]) -> dict[str, Any]:
    """How many of the planted photos were refused or at least flagged, and of the others refused."""
    wrong = set(planted)
    bad = [one for one in report.outcomes if one.source in wrong]
    good = [one for one in report.outcomes if one.source not in wrong]
    refused = [one for one in bad if one.status == "refused"]
    return {
        "planted": len(bad),
        "refused": len(refused),
        "flagged": sum(one.flagged for one in bad),
        "share_caught": round(len(refused) / max(len(bad), 1), 4),
        "kinds": _kinds(refused),
        "others": len(good),
        "others_refused": sum(one.status == "refused" for one in good),
    }


def _share(report: EnrolmentReport, which: str, but: str) -> float:
    rows = [one for one in getattr(report, which) if any(finding.kind != but for finding in one.findings)]
    return len(rows) / len(report.outcomes)


def _kinds(outcomes: Iterable[Any]) -> dict[str, int]:
    return dict(Counter(str(finding.kind) for one in outcomes for finding in one.findings).most_common())


def _pairs(photos: Photos) -> list[tuple[str, str, bool]]:
    """(person, other, whether the person gets the other's last photo): half of the people, two by two, exchange."""
    people = _shuffled(photos)
    exchanging = people[: min(_MOST, len(people) // 2) // 2 * 2]
    partner = {person: exchanging[place ^ 1] for place, person in enumerate(exchanging)}
    return [(person, partner.get(person, person), person in partner) for person in people]


def _shuffled(photos: Photos) -> list[str]:
    names = sorted(photos)
    return [names[place] for place in np.random.default_rng(0).permutation(len(names))]


def _encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def show(name: str, figures: dict[str, Any]) -> None:
    clean = figures["clean"]
    print(f"{name}: {clean['photos']} photos, refused {clean['refused']:.2%}, flagged {clean['flagged']:.2%}")
    print(
        f"  but for several faces: {clean['refused_but_for_several_faces']:.2%} refused, "
        f"{clean['flagged_but_for_several_faces']:.2%} flagged"
    )
    for kind in ("exchanged_in_folders", "exchanged_later", "stranger_in_folder"):
        row = figures[kind]
        print(
            f"  {kind}: {row['refused']} of {row['planted']} refused; {row['others_refused']} of {row['others']} others"
        )
    print(f"  second_name: {figures['second_name']['named']} of {figures['second_name']['planted']} named")
    for kind, row in figures["degraded"].items():
        print(f"  {kind}: {row['refused']} of {row['planted']} refused")


if __name__ == "__main__":
    run(main)
