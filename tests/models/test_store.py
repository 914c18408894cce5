"""Cache, store and verification: what is used is whole, and what cannot be kept still works."""

from __future__ import annotations

import hashlib
import multiprocessing

import filelock
import numpy as np
import pytest
from tests.models import tiny

from visavis.errors import LicenceRestricted, ModelCorrupt, ModelUnavailable
from visavis.models import Cache, Network, find_card, model_bytes, pull, register, sources, store
from visavis.models.converters.onnx_wire import read_model, write_model
from visavis.models.verify import verify
from visavis.storage import write_atomic


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A model of the user's own behind a `url` source that is already downloaded: the full path through the cache."""
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny.embedder())
    return register.add(path, commercial_use="yes", licence="CC0")


def test_a_written_model_is_read_back_and_its_checksum_is_the_usual_kind(own, tmp_path):
    cache = Cache(tmp_path / "cache")
    assert cache.read(own) is None
    assert cache.write(own, b"weights")
    assert cache.read(own) == b"weights"
    digest, name = (cache.path(own).parent / f"{cache.path(own).name}.sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256(b"weights").hexdigest(), cache.path(own).name)
    assert "CC0" in cache.path(own).with_suffix(".licence.txt").read_text()


@pytest.mark.parametrize("damage", [b"", b"weightZ", b"weights and more"])
def test_a_damaged_copy_does_not_count(own, tmp_path, damage):
    cache = Cache(tmp_path / "cache")
    cache.write(own, b"weights")
    cache.path(own).write_bytes(damage)
    assert cache.read(own) is None
    assert cache.is_damaged(own)


def test_a_copy_without_checksum_does_not_count(own, tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.path(own).parent.mkdir(parents=True)
    cache.path(own).write_bytes(b"weights")
    assert cache.read(own) is None


def test_a_folder_that_cannot_be_written_leaves_the_model_in_memory(own, tmp_path):
    (tmp_path / "blocked").write_text("a file where the folder should be")
    said = []
    data = pull(own, cache=Cache(tmp_path / "blocked"), notify=said.append)
    assert data == (tmp_path / "tiny.onnx").read_bytes()
    assert "stays in memory" in said[-1]


def test_a_model_that_cannot_be_cached_is_brought_once_a_process(own, tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "tiny.onnx"))  # a file where the folder should be
    monkeypatch.setattr(store, "_uncached", {})
    source = own.source.model_copy(update={"path": None, "url": own.source.path.as_uri()})
    card, brought, fetch = own.model_copy(update={"source": source}), [], sources.fetch_bytes

    def counted(*args):
        brought.append(args)
        return fetch(*args)

    monkeypatch.setattr(sources, "fetch_bytes", counted)
    assert model_bytes(card) == model_bytes(card) == tiny.embedder()
    assert len(brought) == 1


def test_a_disk_that_knows_no_locks_is_used_without(own, tmp_path, monkeypatch):
    def acquire(self, *args, **options):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    assert pull(own, cache=Cache(tmp_path / "cache")) == tiny.embedder()


@pytest.mark.parametrize("written", [0, 1, 2])
def test_what_a_killed_process_leaves_does_not_count(own, tmp_path, monkeypatch, written):
    class Killed(BaseException):
        pass

    left = [None] * written

    def write_or_die(path, data):
        if not left:
            path.with_name(".visavis-0.part").write_bytes(data[:10])
            raise Killed
        left.pop()
        write_atomic(path, data)

    folder = Cache(tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr("visavis.models.cache.write_atomic", write_or_die)
        with pytest.raises(Killed):
            pull(own, cache=folder)
    assert folder.read(own) is None
    assert pull(own, cache=folder) == folder.read(own) == tiny.embedder()


def test_a_damaged_copy_is_brought_again_with_a_notice(own, tmp_path):
    cache, said = Cache(tmp_path / "cache"), []
    pull(own, cache=cache)
    cache.path(own).write_bytes(b"damaged")
    assert pull(own, cache=cache, notify=said.append) == (tmp_path / "tiny.onnx").read_bytes()
    assert "is damaged; bringing it again" in said[0]
    assert cache.read(own) is not None


def _pull_in(folder, results):
    results.put(len(pull(find_card("tiny"), cache=Cache(folder))))


def test_two_processes_at_once_end_with_one_whole_copy(own, tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    both = [context.Process(target=_pull_in, args=(tmp_path / "cache", results)) for _ in range(2)]
    for process in both:
        process.start()
    assert {results.get(timeout=60) for _ in both} == {len(tiny.embedder())}
    for process in both:
        process.join()
    assert Cache(tmp_path / "cache").read(own) == tiny.embedder()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".part"]


def test_offline_says_how_to_bring_the_model(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path))
    monkeypatch.setenv("VISAVIS_OFFLINE", "1")
    monkeypatch.setattr(store, "_uncached", {})  # what other tests could not cache
    with pytest.raises(ModelUnavailable, match="VISAVIS_OFFLINE is set; run `visavis models pull centerface`"):
        model_bytes(find_card("centerface"))


def test_restricted_licences_need_consent(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path))
    (tmp_path / "model.onnx").write_bytes(tiny.embedder())
    card = register.add(tmp_path / "model.onnx")
    for use in (model_bytes, pull):
        with pytest.raises(LicenceRestricted, match="--allow-restricted"):
            use(card)
    assert model_bytes(card, allow_restricted=True) == tiny.embedder()


@pytest.mark.weights
@pytest.mark.parametrize("name", ["centerface", "dlib-resnet", "dlib-landmarks5"])
def test_default_models_reproduce_their_reference_outputs(name):
    card = find_card(name)
    assert card.reference is not None
    difference = verify(card, model_bytes(card))
    assert difference is not None
    assert difference <= card.reference.tolerance


@pytest.mark.weights
@pytest.mark.parametrize("name", ["centerface", "dlib-resnet"])
def test_a_changed_weight_is_noticed(name):
    card = find_card(name)
    graph = read_model(model_bytes(card), name)
    largest = max(
        (key for key, w in graph.weights.items() if w.dtype == np.float32), key=lambda k: graph.weights[k].size
    )
    graph.weights[largest] = graph.weights[largest] * np.float32(1.02)
    with pytest.raises(ModelCorrupt, match="outputs differ by"):
        verify(card, write_model(graph))


@pytest.mark.weights
def test_a_flipped_bit_in_the_cache_is_noticed_and_mended(tmp_path, monkeypatch, original_weights):
    card, cache, said = find_card("centerface"), Cache(tmp_path), []
    data = pull(card, cache=cache, archive=original_weights("centerface"))
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1
    cache.path(card).write_bytes(damaged)
    assert (
        pull(card, cache=cache, archive=original_weights("centerface"), notify=said.append) == cache.read(card) == data
    )
    assert said == [f"centerface: the cached copy {cache.path(card)} is damaged; bringing it again"]


@pytest.mark.weights
def test_a_model_that_cannot_be_run_is_corrupt():
    card = find_card("dlib-resnet")
    with pytest.raises(ModelCorrupt, match="dlib-resnet: cannot be run"):
        verify(card, tiny.embedder())


def test_a_file_that_is_no_model_is_refused():
    with pytest.raises(ModelCorrupt, match="rubbish: onnxruntime cannot load this model"):
        Network(b"rubbish", "rubbish")
