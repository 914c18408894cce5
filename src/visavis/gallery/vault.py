"""Encryption at rest: templates and crops are sealed with AES-256-GCM under data keys that the user's key unlocks.

What is sealed: templates (every model's) and crops, wherever they are kept. What stays in the clear, because it is
searched, joined or needed to check the gallery: names of people, sources and digests of photos, boxes, qualities,
consent, dates, history, the audit log, thresholds, and how many of everything there are. Put the gallery on an
encrypted disk where these must be hidden too.

Layout of a sealed value: one byte format, four bytes data key, twelve bytes nonce, ciphertext, sixteen bytes tag. The
first five and the caller's context (gallery, model, reference) are authenticated, so that a value that was altered, or
moved to another reference, does not open. Nonces are random, one per value: NIST SP 800-38D allows 2^32 values per data
key, and `rekey` starts a new one.

User keys never touch a template. A user key (HKDF-SHA256) or a passphrase (scrypt) gives the key that wraps the data
keys; see `wrapping`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from visavis.errors import GalleryCorrupt, WrongKey
from visavis.gallery.keys import KEY_BYTES, Key, Passphrase, load_key, new_key
from visavis.gallery.wrapping import FORMAT, ID, NONCE, RESTORE, Lock, aesgcm

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = [
    "OVERHEAD", "Key", "Passphrase", "Vault", "crop_context", "load_key", "new_key", "sealed_with", "template_context",
]  # fmt: skip

_HEAD = 1 + ID
_TAG = 16
OVERHEAD = _HEAD + NONCE + _TAG
"""Bytes that sealing adds to a value."""


@dataclass(frozen=True, eq=False, slots=True)
class Vault:
    """The open data keys of one gallery. Immutable, and safe for several threads.

    Attributes:
        active: id (8 hexadecimal digits) of the data key that seals.
        json: what the gallery stores to open it again: salt and wrapped keys, nothing secret.
    """

    active: str
    json: Mapping[str, Any]
    _lock: Lock = field(repr=False)
    _keys: Mapping[str, bytes] = field(repr=False)
    _ciphers: Mapping[bytes, AESGCM] = field(repr=False)

    @classmethod
    def create(cls, key: Key) -> Vault:
        """A vault with a first data key.

        Raises:
            InvalidInput: `key` is none.
            MissingExtra: the library `cryptography` is absent.
        """
        return cls._sealed(Lock.create(key), _fresh(()))

    @classmethod
    def open(cls, stored: Mapping[str, Any], key: Key | None) -> Vault:
        """The vault that was stored as `stored`, the `json` of another one.

        Raises:
            WrongKey: the key is missing or another one.
            InvalidInput: `key` is none.
            GalleryCorrupt: what was stored is damaged.
            MissingExtra: the library `cryptography` is absent.
        """
        if key is None:
            raise WrongKey("the gallery is encrypted; give its key (--key FILE, or key= in Python)")
        return cls._stored(Lock.open(stored, key), stored)

    def reopen(self, stored: Mapping[str, Any]) -> Vault:
        """This vault after another process changed what is stored; itself when nothing changed.

        Raises:
            WrongKey: the gallery was given another user key meanwhile.
            GalleryCorrupt: what was stored is damaged.
        """
        if stored == self.json:
            return self
        if not self._lock.fits(stored):
            raise WrongKey("the gallery was given another key meanwhile; open it again with the new one")
        return self._stored(self._lock, stored)

    @property
    def data_keys(self) -> tuple[str, ...]:
        """Ids of all data keys."""
        return tuple(self._keys)

    def with_new_data_key(self, key: Key) -> Vault:
        """The next vault: unlocked by `key` alone, sealing under a fresh data key, opening what this one opens."""
        return self._sealed(Lock.create(key), {**self._keys, **_fresh(self._keys)})

    def with_active_only(self) -> Vault:
        """The vault without the data keys that nothing is sealed under any more."""
        return self._sealed(self._lock, {self.active: self._keys[self.active]})

    def seal(self, data: bytes, context: bytes) -> bytes:
        """`data` encrypted; opens only under the same context."""
        return self.seal_many((data,), (context,))[0]

    def seal_many(self, values: Sequence[bytes], contexts: Iterable[bytes]) -> list[bytes]:
        """Each value sealed under its own nonce and context."""
        head = bytes([FORMAT]) + bytes.fromhex(self.active)
        encrypt = self._ciphers[head[1:]].encrypt
        random = os.urandom(NONCE * len(values))
        nonces = (random[start : start + NONCE] for start in range(0, len(random), NONCE))
        return [
            head + nonce + encrypt(nonce, value, head + context)
            for nonce, value, context in zip(nonces, values, contexts, strict=True)
        ]

    def unseal(self, blob: bytes, context: bytes) -> bytes:
        """What was sealed.

        Raises:
            GalleryCorrupt: it was altered, belongs elsewhere, or its data key is gone.
        """
        return self.unseal_many((blob,), (context,))[0]

    def unseal_many(self, blobs: Iterable[bytes], contexts: Iterable[bytes]) -> list[bytes]:
        """What was sealed, for each blob under its own context.

        Raises:
            GalleryCorrupt: one was altered, belongs elsewhere, or its data key is gone.
        """
        from cryptography.exceptions import InvalidTag

        ciphers, opened = self._ciphers, []
        for blob, context in zip(blobs, contexts, strict=True):
            cipher = ciphers.get(blob[1:_HEAD])
            if cipher is None or blob[0] != FORMAT or len(blob) < OVERHEAD:
                raise GalleryCorrupt(f"{_named(context)}: is not sealed with a data key of this gallery; {RESTORE}")
            try:
                nonce, sealed = blob[_HEAD : _HEAD + NONCE], blob[_HEAD + NONCE :]
                opened.append(cipher.decrypt(nonce, sealed, blob[:_HEAD] + context))
            except InvalidTag as error:
                raise GalleryCorrupt(f"{_named(context)}: was altered or exchanged; {RESTORE}") from error
        return opened

    @classmethod
    def _sealed(cls, lock: Lock, keys: Mapping[str, bytes]) -> Vault:
        """A new vault of data keys, the last of which seals."""
        active = next(reversed(list(keys)))
        return cls(
            active, {**lock.describe(), "active": active, "data_keys": lock.wrap(keys)}, lock, keys, _ciphers(keys)
        )

    @classmethod
    def _stored(cls, lock: Lock, stored: Mapping[str, Any]) -> Vault:
        try:
            active, wrapped = stored["active"], {str(name): str(text) for name, text in stored["data_keys"].items()}
            keys = lock.unwrap(wrapped)
            return cls(
                active, {**lock.describe(), "active": active, "data_keys": wrapped}, lock, keys, _ciphers(keys, active)
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GalleryCorrupt(f"gallery vault: its description is damaged; {RESTORE}") from error


def template_context(gallery: str, model: str, reference: str) -> bytes:
    """What a sealed template is bound to: ids of the gallery and the reference, fingerprint of the model."""
    return _context("template", gallery, model, reference)


def crop_context(gallery: str, reference: str) -> bytes:
    """What a sealed crop is bound to: ids of the gallery and the reference."""
    return _context("crop", gallery, reference)


def sealed_with(blob: bytes) -> str:
    """Id of the data key that a sealed value names."""
    return blob[1:_HEAD].hex()


def _context(*parts: str) -> bytes:
    """Parts in one string of bytes, each after its length: no two lists of parts give the same."""
    return b"".join(len(raw := part.encode()).to_bytes(4, "big") + raw for part in parts)


def _named(context: bytes) -> str:
    """What a context says, for messages."""
    parts, rest = [], context
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        parts.append(rest[4:size].decode(errors="replace"))
        rest = rest[size:]
    return f"{parts[0]} of reference {parts[-1]}" if len(parts) > 1 else "sealed value"


def _fresh(taken: Iterable[str]) -> dict[str, bytes]:
    """A new data key under an id that is not taken."""
    while (name := secrets.token_hex(ID)) in taken:
        pass
    return {name: secrets.token_bytes(KEY_BYTES)}


def _ciphers(keys: Mapping[str, bytes], active: str | None = None) -> dict[bytes, AESGCM]:
    if active is not None and active not in keys:
        raise ValueError("the data key that seals is missing")
    return {bytes.fromhex(name): aesgcm(secret) for name, secret in keys.items()}
