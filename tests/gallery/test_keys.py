"""Keys: what is taken for one, and what is refused."""

from __future__ import annotations

import base64
import os
import stat

import pytest

from visavis.errors import InvalidInput, StorageError
from visavis.gallery.keys import KEY_BYTES, Passphrase, load_key, new_key

KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "content",
    [
        KEY,
        KEY.hex().encode(),
        KEY.hex().upper().encode() + b"\r\n",
        base64.b64encode(KEY) + b"\n",
        base64.urlsafe_b64encode(KEY).rstrip(b"="),
    ],
)
def test_a_key_is_the_same_however_its_file_writes_it(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    assert load_key(tmp_path / "key") == load_key(str(tmp_path / "key")) == load_key(KEY) == KEY


def test_a_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY.hex())
    assert load_key("env:A_KEY") == KEY


def test_a_new_key_is_random_loads_again_and_is_its_owners_alone(tmp_path):
    first, second = new_key(tmp_path / "a"), new_key(tmp_path / "b")
    assert len(load_key(first)) == KEY_BYTES
    assert load_key(first) != load_key(second)
    if os.name == "posix":
        assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path):
    path = new_key(tmp_path / "key")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="never overwritten"):
        new_key(path)
    assert path.read_bytes() == before


def test_a_key_that_cannot_be_written_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="choose a folder"):
        new_key(tmp_path / "nowhere" / "key")


@pytest.mark.parametrize(
    "content", [b"", b"secret", KEY[:31], KEY + b"x", KEY.hex().encode()[:-2], b"two words", b"p" * 32, b"\xff" * 9000]
)
def test_a_file_that_holds_no_key_is_refused_without_showing_it(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(InvalidInput, match="new_key") as caught:
        load_key(tmp_path / "key")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("source", [None, 7, "", b"", b"short", "nowhere.key", "env:NO_SUCH_VARIABLE", ".", "a\0b"])
def test_what_is_no_key_is_refused(source):
    with pytest.raises(InvalidInput, match="gallery key"):
        load_key(source)


def test_a_passphrase_is_not_shown_and_must_not_be_short():
    assert "correct horse" not in repr(Passphrase("correct horse"))
    assert load_key(Passphrase("correct horse")) == Passphrase("correct horse")
    with pytest.raises(InvalidInput, match="8 characters"):
        Passphrase("1234567")
