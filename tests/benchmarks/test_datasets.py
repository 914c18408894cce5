from pathlib import Path

import numpy as np
import pytest

from _datasets import Dataset, find_dataset, part
from visavis.bench.pair_list import PairList
from visavis.errors import DataError


def pair_list(rng: np.random.Generator, count: int, images: int) -> PairList:
    first, second = rng.integers(images, size=(2, count))
    folds = np.arange(count) % 5
    same = rng.random(count) < 0.4
    names = tuple(f"{number}.jpg" for number in range(images))
    return PairList("pairs.csv", Path(), names, first, second, same, folds, source_sets=tuple(map(str, folds)))


def ends(pairs: PairList) -> list[tuple[str, str, bool, int]]:
    names = np.array(pairs.images)
    return list(zip(names[pairs.first], names[pairs.second], pairs.same.tolist(), pairs.folds.tolist(), strict=True))


@pytest.mark.parametrize("limit", [10, 40, 200, 5000])
def test_a_part_holds_rows_of_the_whole_with_every_fold_and_kind_and_only_their_photos(limit):
    whole = pair_list(np.random.default_rng(limit), 1000, 60)
    some = part(whole, limit)
    assert set(ends(some)) <= set(ends(whole))
    assert {(fold, kind) for *_, kind, fold in ends(some)} == {(fold, kind) for *_, kind, fold in ends(whole)}
    assert set(some.images) == {name for a, b, *_ in ends(some) for name in (a, b)}
    assert abs(len(some) - min(limit, 1000)) <= 10
    assert some.source_sets == tuple(str(fold) for fold in some.folds.tolist())


def test_sets_of_photos_are_named_by_identity_and_video(tmp_path: Path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "frames.csv").write_text("path,identity,video\na0,Ada,0\na1,Ada,0\nb0,Bob,3\na2,Ada,1\n")
    (folder / "sets.csv").write_text("fold,same,template_a,template_b\n1,1,Ada/0,Ada/1\n2,0,Ada/0,Bob/3\n")
    clips = Dataset("clips", "frames.csv", (), sets="sets.csv")
    pairs, photos = clips.read_sets(tmp_path)
    assert ends(pairs) == [("Ada/0", "Ada/1", True, 1), ("Ada/0", "Bob/3", False, 2)]
    assert photos == {"Ada/0": ["a0", "a1"], "Bob/3": ["b0"], "Ada/1": ["a2"]}
    assert clips.identities(tmp_path, ["b0", "a1"]).tolist() == ["/Bob", "/Ada"]


def test_missing_research_data_is_named_with_the_way_out(tmp_path: Path):
    with pytest.raises(DataError, match=r"lfw: this research data is not here; pass --data DIR"):
        find_dataset("lfw").root(tmp_path)
