"""Whatever a file holds, loading it gives a photo or a VisavisError, and nothing else."""

from __future__ import annotations

import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.fuzz.mutate import Mutant, Sample, mutant, mutants, samples

from visavis.errors import ImageError, VisavisError
from visavis.images import Limits, load

COUNT = 20_000
SEED = 1
OPEN_FILES = Path("/proc/self/fd")
LIMITS = Limits(max_pixels=1_000_000)  # so that an edited header costs no memory here


def outcome(sample: Mutant) -> str:
    """`photo`, `refused`, or what escaped."""
    try:
        photo = load(sample.data, LIMITS)
    except VisavisError as error:
        return "refused" if isinstance(error, ImageError) and str(error).startswith("<bytes>: ") else f"{error!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "photo" if photo.pixels.shape == (photo.height, photo.width, 3) else f"shape {photo.pixels.shape}"


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_the_intact_samples_load_with_their_size(sample: Sample) -> None:
    photo = load(sample.data)
    assert {photo.width, photo.height} == set(sample.size)


def test_the_interlaced_sample_holds_the_same_pixels_as_the_plain_one() -> None:
    by_name = {sample.name: sample.data for sample in samples()}
    turned = load(by_name["png"]).pixels  # its EXIF data asks for a quarter turn, clockwise
    assert np.array_equal(np.rot90(load(by_name["png-interlaced"]).pixels, -1), turned)


def test_the_same_seed_makes_the_same_mutants() -> None:
    originals = samples()
    assert list(mutants(originals, SEED, 300)) == list(mutants(samples(), SEED, 300))
    assert mutant(originals, SEED, 123) == list(mutants(originals, SEED, 124))[-1]
    assert mutant(originals, SEED + 1, 123) != mutant(originals, SEED, 123)


def test_only_visavis_errors_escape_from_damaged_files() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcomes = {sample.label: outcome(sample) for sample in mutants(samples(), SEED, COUNT)}
    escaped = {label: what for label, what in outcomes.items() if what not in ("photo", "refused")}
    assert not escaped
    counts = Counter(outcomes.values())
    assert min(counts["photo"], counts["refused"]) > COUNT / 10, f"{counts}: too one-sided to say much"
    bombs = [item for item in caught if issubclass(item.category, Image.DecompressionBombWarning)]
    assert len(bombs) <= COUNT / 1000, "only the GIF reader warns by itself, about absurd first frames"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_files_leave_no_file_open(tmp_path: Path) -> None:
    if not OPEN_FILES.is_dir():
        pytest.skip("counting open files needs /proc")
    before = len(list(OPEN_FILES.iterdir()))
    for sample in mutants(samples(), SEED, 200):
        path = tmp_path / "mutant"
        path.write_bytes(sample.data)
        with suppress(VisavisError):
            load(path, LIMITS)
    assert len(list(OPEN_FILES.iterdir())) <= before
