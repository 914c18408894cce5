"""Keys of encrypted galleries: 32 random bytes kept outside the gallery, or a passphrase that somebody remembers.

Whoever loses the key loses the templates and crops for good; there is no other way in. Keep a copy of the key away from
the gallery, and never inside its folder.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from visavis.errors import InvalidInput, StorageError
from visavis.ranges import shown

KEY_BYTES = 32
_LARGEST_FILE = 4096  # characters; a key takes 64
_FORMS = f"{KEY_BYTES} random bytes, as they are, in hexadecimal or in base64"


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A key that is typed: scrypt stretches `text`, so that each guess costs 128 MiB and a good part of a second."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is guessed at once."""
        if not isinstance(self.text, str) or len(self.text) < 8:
            raise InvalidInput("gallery passphrase: needs 8 characters or more; several words are best")

    def stretchable(self) -> bytes:
        """The same bytes for the same passphrase, however a keyboard or system composes its letters."""
        return unicodedata.normalize("NFKC", self.text).encode()


Key: TypeAlias = "str | os.PathLike[str] | bytes | Passphrase"
"""What a caller may give as a key: a file, `env:NAME`, 32 bytes, or a passphrase."""


def new_key(path: str | os.PathLike[str]) -> Path:
    """Write a fresh random key to a new file (hexadecimal, one line, readable by its owner only).

    Raises:
        StorageError: the file exists, for a key that is overwritten is lost; or it cannot be written.
    """
    target = Path(path).expanduser()
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise StorageError(f"{target}: exists already, and a key is never overwritten; name a new file") from error
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{target}: the key cannot be written ({error}); choose a folder you may write to"
        ) from error
    return target


def load_key(source: Key) -> bytes | Passphrase:
    """The key that `source` stands for.

    Args:
        source: path of a file, or `env:NAME` of an environment variable, holding 32 random bytes (a file: as they are;
            both: in hexadecimal or base64); the 32 bytes themselves; or a `Passphrase`.

    Returns: 32 bytes, or the passphrase.

    Raises:
        InvalidInput: nothing is there, or it is no key; the message never shows what was read.
    """
    if isinstance(source, Passphrase):
        return source
    if isinstance(source, bytes | bytearray):
        return _raw("gallery key", bytes(source))
    if not isinstance(source, str | os.PathLike) or not os.fspath(source):
        raise InvalidInput(f"gallery key: expected a file, env:NAME or {KEY_BYTES} bytes, got {shown(type(source))}")
    name = os.fspath(source)
    if name.startswith("env:"):
        return _from_environment(name.removeprefix("env:"))
    try:
        with Path(name).expanduser().open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"gallery key {shown(name)}: cannot be read ({reason}); name the key's file") from error
    return _raw(f"gallery key {name}", content) if len(content) == KEY_BYTES else _text(f"gallery key {name}", content)


def _from_environment(name: str) -> bytes:
    value = os.environ.get(name)
    if not value:
        raise InvalidInput(f"gallery key env:{name}: the environment variable is not set; set it to {_FORMS}")
    return _text(f"gallery key env:{name}", os.fsencode(value))


def _raw(name: str, content: bytes) -> bytes:
    if len(content) != KEY_BYTES:
        raise InvalidInput(f"{name}: has {len(content)} bytes; expected {_FORMS} (`new_key` makes one)")
    if content.isascii() and content.strip().decode("ascii").isprintable():  # random bytes: one in 10^13
        raise InvalidInput(f"{name}: looks like typed text; make a key with `new_key`, or give it as a Passphrase")
    return content


def _text(name: str, content: bytes) -> bytes:
    words = content.split()
    key = _decoded(words[0]) if len(words) == 1 else None
    if key is None:
        raise InvalidInput(f"{name}: holds no key; expected {_FORMS} (`new_key` makes one)")
    return key


def _decoded(word: bytes) -> bytes | None:
    """32 bytes written in hexadecimal or base64 (either alphabet), or None."""
    for decode in (binascii.unhexlify, _base64):
        try:
            key = decode(word)
        except ValueError:
            continue
        if len(key) == KEY_BYTES:
            return key
    return None


def _base64(word: bytes) -> bytes:
    return base64.b64decode(word.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(word) % 4), validate=True)
