from pathlib import Path

import numpy as np
import pytest

import _kept_templates
from _kept_templates import Kept
from visavis.errors import ImageUnreadable, VisavisError
from visavis.types import Faces, Quality


class Counting:
    """A pipeline of made-up templates that remembers what it was asked for."""

    name = "counting"

    def __init__(self, fingerprint: str = "first") -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def faces_batch(self, images, /) -> list[Faces | VisavisError]:
        self.asked += [Path(image).name for image in images]
        return [self._faces(Path(image).name) for image in images]

    def _faces(self, name: str) -> Faces | VisavisError:
        if name == "broken":
            return ImageUnreadable("broken: is empty")
        if name == "landscape":
            return Faces.empty(name)
        quality = Quality(*(np.full(2, value / 10, np.float32) for value in range(1, 7)))
        vectors = np.float32([[len(name)] * 128, [0] * 128])
        box, points = [[0, 0, 9, 9]] * 2, np.zeros((2, 5, 2))
        return Faces(box, points, [0.9, 0.8], quality=quality, templates=vectors, model="m")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kept_templates, "CACHE", tmp_path)


def ignore(done: int, total: int) -> None:
    assert done <= total


def test_a_second_run_makes_only_what_the_first_did_not(tmp_path: Path):
    first, second = Counting(), Counting()
    Kept("set", first).embedded(tmp_path, ["a", "bb"], ignore)
    embedded = Kept("set", second).embedded(tmp_path, ["ccc", "a", "bb"], ignore)
    assert (first.asked, second.asked) == (["a", "bb"], ["ccc"])
    assert embedded.templates[:, 0].tolist() == [3, 1, 2]


def test_another_fingerprint_starts_anew(tmp_path: Path):
    other = Counting("second")
    for pipeline in (Counting(), other):
        Kept("set", pipeline).embedded(tmp_path, ["a"], ignore)
    assert other.asked == ["a"]


def test_photos_without_a_template_stay_missed_with_their_reason(tmp_path: Path):
    for _ in range(2):  # made, then read again
        kept = Kept("set", Counting())
        embedded = kept.embedded(tmp_path, ["landscape", "a", "broken"], ignore)
        assert embedded.found.tolist() == [False, True, False]
        assert [(image.path, image.reason) for image in embedded.missed] == [
            ("landscape", "no face found"),
            ("broken", "broken: is empty"),
        ]
        assert kept.qualities(["a"])[0].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
