"""Templates in Qdrant, through the client's local mode; and on a cluster when VISAVIS_TEST_QDRANT names one."""

from __future__ import annotations

import os
import sys
import uuid

import numpy as np
import pytest

from visavis.errors import GalleryBusy, GalleryCorrupt, GalleryUnavailable, MissingExtra
from visavis.gallery.templates import qdrant, qdrant_session
from visavis.gallery.templates.qdrant import QdrantTemplates
from visavis.gallery.types import ModelSpace
from visavis.matching.scores import similarity_matrix


def space(metric="cosine", precision="float32", scale=None, fingerprint="m@1"):
    return ModelSpace(1, fingerprint, 6, metric, precision, scale, active=True)


@pytest.fixture
def templates(tmp_path):
    made = QdrantTemplates(os.environ.get("VISAVIS_TEST_QDRANT") or str(tmp_path / "q"), uuid.uuid4().hex)
    yield made
    for metric in ("cosine", "euclidean"):
        made.drop_all(space(metric))
    made.close()


def rows(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_what_was_put_comes_back_bit_for_bit_in_the_order_asked(templates, metric):
    keys, given = np.array([5, 2**40, 1, 9]), 100 * rows(4)
    templates.put(space(metric), keys, given)
    order = [2, 0, 3, 1, 0]
    assert templates.get(space(metric), keys[order]).tobytes() == given[order].tobytes()
    templates.put(space(metric), keys[:1], given[1:2])  # replaces
    assert templates.get(space(metric), keys[:1]).tobytes() == given[1:2].tobytes()
    assert sorted(np.concatenate(list(templates.keys(space(metric), 3))).tolist()) == sorted(keys.tolist())


def test_codes_come_back_as_codes(templates):
    quantised = space(precision="int8", scale=0.01)
    codes = np.arange(-9, 9, dtype=np.int8).reshape(3, 6)
    templates.put(quantised, np.array([1, 2, 3]), codes)
    back = templates.get(quantised, np.array([3, 1]))
    assert (back.dtype, back.tolist()) == (np.int8, codes[[2, 0]].tolist())


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_qdrant_s_own_search_agrees_with_ours(templates, metric):
    given, queries = rows(30), rows(4, 1)
    templates.put(space(metric), np.arange(1, 31), given)
    keys, scores = templates.search(space(metric), queries, 5)
    expected = similarity_matrix(queries, given, metric)
    order = np.argsort(-expected, axis=1)[:, :5]
    assert np.array_equal(keys, order + 1)
    assert np.allclose(scores, np.take_along_axis(expected, order, axis=1), atol=1e-5)
    few, worst = templates.search(space(metric), queries[:1], 40)
    assert (few[0, 30:] == -1).all()
    assert (worst[0, 30:] == -np.inf).all()


def test_what_is_erased_is_gone_and_the_rest_stays(templates):
    templates.put(space(), np.arange(1, 8), rows(7))
    templates.drop(space(), np.array([2, 5, 99]))
    templates.drop(space(), np.array([2]))
    assert np.concatenate(list(templates.keys(space()))).tolist() == [1, 3, 4, 6, 7]
    with pytest.raises(GalleryCorrupt, match="reference key 5 first"):
        templates.get(space(), np.array([1, 5]))
    templates.drop_all(space())
    templates.drop_all(space())
    assert np.concatenate([*templates.keys(space()), np.zeros(0, int)]).tolist() == []


def test_batches_larger_than_a_request_go_in_several(templates, monkeypatch):
    monkeypatch.setattr(qdrant, "_BATCH", 3)
    given = rows(10)
    templates.put(space(), np.arange(10), given)
    assert templates.get(space(), np.arange(10)).tobytes() == given.tobytes()
    templates.drop(space(), np.arange(7))
    assert np.concatenate(list(templates.keys(space()))).tolist() == [7, 8, 9]


def test_galleries_and_models_do_not_see_each_other(tmp_path):
    one, other = (QdrantTemplates(str(tmp_path / "q"), name) for name in ("one", "other"))
    one.put(space(), np.array([1]), rows(1))
    other.put(space(), np.array([1]), rows(1, 5))
    one.put(space(fingerprint="m@2"), np.array([1]), rows(1, 6))
    assert one.get(space(), np.array([1])).tobytes() == rows(1).tobytes()
    other.drop_all(space())
    assert one.get(space(fingerprint="m@2"), np.array([1])).tobytes() == rows(1, 6).tobytes()


def test_a_payload_of_another_length_is_damage(templates, tmp_path):
    templates.put(space(), np.array([1]), rows(1))
    shorter = ModelSpace(1, "m@1", 5, "cosine", "float32", None, active=True)
    with pytest.raises(GalleryCorrupt, match="missing or damaged"):
        templates.get(shorter, np.array([1]))


def test_a_server_that_does_not_answer_is_unavailable():
    templates = QdrantTemplates("http://127.0.0.1:9", "gallery")
    for ask in (
        lambda: templates.put(space(), np.array([1]), rows(1)),
        lambda: templates.get(space(), np.array([1])),
        lambda: templates.drop(space(), np.array([1])),
        lambda: list(templates.keys(space())),
    ):
        with pytest.raises(GalleryUnavailable, match=r"http://127\.0\.0\.1:9: .*check that it runs"):
            ask()
    templates.close()


def test_a_local_folder_that_another_program_keeps_is_busy(tmp_path, monkeypatch):
    from filelock import FileLock
    from qdrant_client import QdrantClient

    templates = QdrantTemplates(str(tmp_path / "q"), "gallery")
    templates.put(space(), np.array([1]), rows(1))
    client = QdrantClient(path=str(tmp_path / "q"))
    with pytest.raises(GalleryBusy, match="another program uses it"):
        templates.get(space(), np.array([1]))
    client.close()
    monkeypatch.setattr(qdrant_session, "_PATIENCE", 0.05)
    with FileLock(tmp_path / "q" / ".visavis.lock"), pytest.raises(GalleryBusy, match="another process keeps it"):
        QdrantTemplates(str(tmp_path / "q"), "gallery").get(space(), np.array([1]))
    assert templates.get(space(), np.array([1])).shape == (1, 6)


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "qdrant_client.http.exceptions", None)
    with pytest.raises(MissingExtra, match=r"visavis\[qdrant\]"):
        QdrantTemplates("folder", "gallery").get(space(), np.array([1]))
