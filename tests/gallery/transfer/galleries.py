"""Galleries in which everything that a gallery can hold has happened, and all that one can be asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from visavis.gallery.gallery import create_gallery
from visavis.gallery.store import spaces
from visavis.gallery.templates.codec import encode, scale_for
from visavis.gallery.types import Crop, NewReference
from visavis.types import Box, Template

MODEL, SECOND, D = "m@1", "second@2+flip", 24
OLD, NEW, THIRD = (bytes([170 + place]) * 16 + bytes(range(200, 216)) for place in range(3))
"""Three keys of 32 bytes."""
NAMES = ("Ada Lovelace", "Łukasz Żółć", "نرگس‌ جان", "李小龍", 'O\'Brien / ½ "x"', "Ben")


def references(count=24, seed=0, dimension=D, model=MODEL):
    """References of six people, with and without crops, boxes, qualities, consent and dates."""
    rng = np.random.default_rng(seed)
    return [
        NewReference(
            f"r{number}",
            NAMES[number % len(NAMES)],
            Template(rng.normal(size=dimension).astype(np.float32), model),
            source=f"fotos/ü {number}.jpg" if number % 5 else "",
            photo=f"photo{number // 2:04}" if number % 7 else "",
            box=Box(number, 1.25, number + 30.1, 44) if number % 3 else None,
            quality={"summary": rng.uniform(), "sharpness": rng.uniform()} if number % 4 else None,
            crop=Crop(b"\xff\xd8" + rng.bytes(40 + 900 * (number % 8)), points(rng)) if number % 2 else None,
            consent=f"form {number}" if number % 6 == 1 else None,
            retain_until=f"20{30 + number % 9}-01-02" if number % 4 == 2 else None,
        )
        for number in range(count)
    ]


def points(rng):
    return tuple((float(x), float(y)) for x, y in rng.normal(size=(5, 2)))


def full_gallery(uri, *, key=None, precision="float32", metric="euclidean"):
    """A gallery of two models with a past: merged, split, renamed, undone, forgotten, set apart."""
    gallery = create_gallery(
        uri, model=MODEL, dimension=D, metric=metric, precision=precision, key=key, actor="somebody"
    )
    new = references()
    gallery.enrol(new[:10])
    gallery.enrol(new[10:])
    add_model(gallery)
    gallery.set_apart("Ben", "李小龍", "twins?")
    gallery.merge("Ada Lovelace", "Łukasz Żółć", force=True)
    gallery.split("Ben", ["r5", "r11"], "Cem")
    gallery.undo()
    gallery.rename("Ben", "Benjamin")
    gallery.forget("Ada Lovelace", references=["r6", "r7"])
    gallery.store_threshold(0.01, {"threshold": 0.7312345678901234, "why": ["a", None, True]})
    gallery.store_job("upgrade", {"to": SECOND, "done": 7})
    return gallery


def add_model(gallery, fingerprint=SECOND, dimension=16):
    """A second model, int8 under cosine, with templates of some references."""
    with gallery.store.changing() as change:
        space = spaces.add_space(change.connection, fingerprint, dimension, "cosine", "int8", active=False)
        some = gallery.references()[::2]
        vectors = np.random.default_rng(5).normal(size=(len(some), dimension)).astype(np.float32)
        space = spaces.fix_scale(change.connection, space, scale_for(vectors, space))
        keys, ids = np.array([one.key for one in some]), [one.id for one in some]
        vault = gallery.store.vault(change.connection)
        gallery.store.templates.put(change.connection, space, keys, ids, encode(vectors, space), vault)
        change.touch(keys.tolist())
        change.record("add templates", ids, fingerprint)


def everything(gallery):
    """Whatever a gallery answers, for comparing."""
    held = gallery.references()
    keys = {space.fingerprint: [r.key for r in held if space.fingerprint in r.models] for space in gallery.models()}
    return {
        "id": gallery.id,
        "created": gallery.store.created,
        "models": gallery.models(),
        "people": gallery.people(),
        "references": held,
        "templates": {name: gallery.templates(rows, gallery.space(name)).tobytes() for name, rows in keys.items()},
        "crops": gallery.crops([one.id for one in held]),
        "history": gallery.history(),
        "apart": gallery.apart(),
        "threshold": gallery.threshold(0.01),
        "upgrade": gallery.job("upgrade"),
        "audit": list(gallery.audit()),
    }


def file_bytes(folder):
    """All bytes of all files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file())
