"""Searching: what brute force on all templates finds, under every filter, at every moment."""

from __future__ import annotations

import numpy as np
import pytest
from tests.gallery.contract.galleries import MODEL, found, reference, references, vector

from visavis.errors import InvalidInput, TemplateMismatch
from visavis.gallery.types import Where
from visavis.matching.scores import similarity_matrix
from visavis.types import Template

PEOPLE = ("Ada", "Ben", "Cem", "Dan")


def crowd(count=60, seed=0):
    rng = np.random.default_rng(seed)
    return [
        reference(
            f"r{n}",
            PEOPLE[rng.integers(4)],
            template=Template(rng.normal(size=8).astype(np.float32), MODEL),
            quality=None if n % 5 == 0 else {"summary": float(rng.random())},
            source=("indoors/" if n % 2 else "outdoors/") + f"{n}.jpg",
        )
        for n in range(count)
    ]


def expected(gallery, queries, k, allowed=None, groups=False):
    """Brute force over the templates as they are kept: (keys, scores)."""
    listed = [one for one in gallery.references() if allowed is None or one.id in allowed]
    keys = np.array([one.key for one in listed], dtype=np.int64)
    scores = similarity_matrix(queries, gallery.templates(keys), gallery.model.metric)
    rows = []
    for line in scores:
        order = np.lexsort((keys, -line))
        if groups:
            best: dict[str, int] = {}
            for place in order:
                best.setdefault(listed[place].person, place)
            order = np.array([*best.values()], dtype=int)
        order = order[:k]
        rows.append(([*keys[order], *[-1] * (k - len(order))], [*line[order], *[-np.inf] * (k - len(order))]))
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_search_finds_what_brute_force_finds(place, metric):
    with place.create(metric=metric) as gallery:
        gallery.enrol(crowd())
        queries = np.random.default_rng(1).normal(size=(7, 8)).astype(np.float32)
        for k, groups in ((1, False), (10, False), (80, False), (3, True), (6, True)):
            hits = gallery.search(queries, k, groups=groups)
            keys, scores = expected(gallery, queries, k, groups=groups)
            assert np.array_equal(hits.keys, keys)
            assert np.allclose(hits.scores, scores, atol=2e-6)
        owner = {one.key: one.person_id for one in gallery.references()}
        group_of = dict(zip(hits.keys[0].tolist(), hits.groups[0].tolist(), strict=True))
        assert len({owner[key] for key in group_of if key >= 0}) == len({g for g in group_of.values() if g >= 0}) == 4


FILTERS = {
    "people": (Where(people=frozenset({"Ada", "Cem", "nobody", "\ud800"})), lambda r: r.person in {"Ada", "Cem"}),
    "nobody": (Where(people=frozenset()), lambda r: False),
    "exclude": (Where(exclude_people=frozenset({"Ada", "x\0"})), lambda r: r.person != "Ada"),
    "quality": (Where(min_quality=0.5), lambda r: r.quality is not None and r.quality["summary"] >= 0.5),
    "source": (Where(source_prefix="in"), lambda r: r.source.startswith("in")),
    "source, as it is": (Where(source_prefix="in%"), lambda r: False),
    "all": (
        Where(
            people=frozenset({"Ada", "Ben"}), exclude_people=frozenset({"Ben"}), min_quality=0.2, source_prefix="out"
        ),
        lambda r: r.person == "Ada" and r.quality and r.quality["summary"] >= 0.2 and r.source.startswith("out"),
    ),
}


def test_filters_leave_what_meets_all_conditions(plain_gallery):
    gallery = plain_gallery
    gallery.enrol(crowd())
    query = vector(7)[None]
    for where, fits in FILTERS.values():
        allowed = {one.id for one in gallery.references() if fits(one)}
        keys, scores = expected(gallery, query, 60, allowed)
        hits = gallery.search(query, 60, where=where)
        assert np.array_equal(hits.keys, keys)
        assert np.allclose(hits.scores, scores, atol=2e-6)
    by_id = frozenset({gallery.person("Ada").id})
    assert (gallery.search(query, 60, where=Where(people=by_id)).keys >= 0).sum() == gallery.person("Ada").references


def test_names_in_filters_are_read_as_names_are_kept(plain_gallery):
    plain_gallery.enrol([reference("z", "Zo\u00eb Smith"), reference("a", "Ada")])
    for where, ids in (
        (Where(people=frozenset({"Zoe\u0308  Smith"})), ["z"]),
        (Where(exclude_people=frozenset({" Zoe\u0308 Smith"})), ["a"]),
    ):
        hits = plain_gallery.search(vector("z"), 5, where=where)
        assert [one.id for one in plain_gallery.references(keys=hits.keys[0])] == ids


def test_filters_of_any_size_are_asked_in_parts(plain_gallery, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.values.ASKED", 7)
    plain_gallery.enrol([reference(f"r{n}", f"P{n}") for n in range(40)])
    some = frozenset(f"P{n}" for n in range(30))
    assert (plain_gallery.search(vector(1), 50, where=Where(people=some)).keys >= 0).sum() == 30
    assert (plain_gallery.search(vector(1), 50, where=Where(exclude_people=some)).keys >= 0).sum() == 10


def test_times_in_filters_know_seconds_and_zones(plain_gallery, monkeypatch):
    moments = [
        "2026-03-01T09:59:59.900Z",
        "2026-03-01T10:00:00.000Z",
        "2026-03-01T10:00:00.500Z",
        "2026-03-02T00:00:00.000Z",
    ]
    for number, moment in enumerate(moments):
        monkeypatch.setattr("visavis.gallery.store.change.now", lambda moment=moment: moment)
        plain_gallery.enrol([reference(f"r{number}", "Ada")])

    def ids(**conditions):
        hits = plain_gallery.search(vector(1), 9, where=Where(**conditions))
        return [int(one.id[1]) for one in plain_gallery.references(keys=hits.keys[0])]

    assert ids(created_after="2026-03-01T10:00:00Z") == [2, 3]
    assert ids(created_after="2026-03-01T11:00:00+01:00") == [2, 3]
    assert ids(created_before="2026-03-01T10:00:00Z") == [0]
    assert ids(created_before="2026-03-01T10:00:00.001Z") == [0, 1]
    assert ids(created_after="2026-03-01", created_before="2026-03-02") == [0, 1, 2]
    for wrong in ("yesterday", "2026-3-1", "", 5, "0001-01-01T00:00:00+23:00"):
        with pytest.raises(InvalidInput, match="2026-12-31"):
            ids(created_after=wrong)


def test_what_cannot_be_searched_is_refused(plain_gallery):
    plain_gallery.enrol(references(Ada=1))
    bad = [
        np.full(8, np.nan), np.full(8, np.inf), np.full(8, 1e300), np.ones(7), np.ones((2, 2, 8)), [], "abc",
        [[1.0] * 8, [1.0] * 7], np.ones(8) * 1j, None,
    ]  # fmt: skip
    for vectors in bad:
        with pytest.raises(InvalidInput, match=r"templates|numbers"):
            plain_gallery.search(vectors)
    for k in (0, -1):
        with pytest.raises(InvalidInput):
            plain_gallery.search(vector(1), k)
    with pytest.raises(TemplateMismatch, match="not of other@2"):
        plain_gallery.search(vector(1), model="other@2")
    with pytest.raises(InvalidInput, match="set of names"):
        plain_gallery.search(vector(1), where=Where(people="Ada"))
    with pytest.raises(InvalidInput, match="min_quality"):
        plain_gallery.search(vector(1), where=Where(min_quality=7))
    assert plain_gallery.search(np.zeros((0, 8))).keys.shape == (0, 10)


def test_a_zero_vector_has_no_direction_to_search_in(plain_place):
    with plain_place.create(metric="cosine") as gallery:
        gallery.enrol(references(Ada=1))
        with pytest.raises(InvalidInput, match="zero vector"):
            gallery.search(np.zeros(8))


def test_every_change_is_in_the_next_search_here_and_in_another_gallery_object(place, gallery):
    with place.open() as other:
        assert found(other, "ada-1", 3) == []
        gallery.enrol(references(Ada=2))
        for one in (gallery, other):
            assert found(one, "ada-1") == ["ada-1"]
        gallery.enrol([reference("ben-1", "Ben")])
        assert found(other, "ben-1") == ["ben-1"]
        other.merge("Ben", "Ada")
        hits = gallery.search(vector("ada-1"), 3, groups=True)
        assert (hits.groups[0] >= 0).tolist() == [True, False, False]
        gallery.undo()
        assert (other.search(vector("ada-1"), 3, groups=True).groups[0] >= 0).sum() == 2
        gallery.forget("Ada", references=["ada-1"])
        assert set(found(other, "ada-1", 5)) == {"ada-2", "ben-1"}
        gallery.enrol([reference("ada-1", "Ada")])
        assert found(other, "ada-1") == ["ada-1"]
        assert other.tier().version == other.version == gallery.version
