"""The outer lock of a vault: the key that a user holds unlocks the data keys that templates are sealed under."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from visavis.errors import GalleryCorrupt, MissingExtra, WrongKey
from visavis.gallery.keys import KEY_BYTES, Key, Passphrase, load_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
ID, NONCE = 4, 12  # bytes
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}  # 128 MiB
_LARGEST_SCRYPT = 2**30  # bytes; a forged gallery must not take all memory


@dataclass(frozen=True, eq=False, slots=True)
class Lock:
    """A user's key applied to one gallery.

    Attributes:
        salt: 16 random bytes, stored with the gallery.
        scrypt: cost of stretching a passphrase; None for a key of 32 bytes.
        check: stored too; tells a wrong key from a damaged gallery.
    """

    salt: bytes
    scrypt: Mapping[str, int] | None
    check: str
    _secret: bytes = field(repr=False)

    @classmethod
    def create(cls, key: Key) -> Lock:
        """A lock with a salt of its own."""
        secret = load_key(key)
        return cls._derived(secret, secrets.token_bytes(16), _SCRYPT if isinstance(secret, Passphrase) else None)

    @classmethod
    def open(cls, stored: Mapping[str, Any], key: Key) -> Lock:
        """The lock of a stored vault.

        Raises:
            WrongKey: it is another key's lock.
            GalleryCorrupt: the description is damaged.
        """
        salt, scrypt, check = described(stored)
        secret = load_key(key)
        if isinstance(secret, Passphrase) != (scrypt is not None):
            needed = "a passphrase" if scrypt else f"a key of {KEY_BYTES} bytes (a file or env:NAME)"
            raise WrongKey(f"the gallery is opened by {needed}; give that")
        lock = cls._derived(secret, salt, scrypt)
        if not secrets.compare_digest(lock.check, check):
            raise WrongKey("the gallery is encrypted with another key; give the one it was made (or last rekeyed) with")
        return lock

    def fits(self, stored: Mapping[str, Any]) -> bool:
        """Whether this lock opens a stored vault."""
        salt, _, check = described(stored)
        return (salt, check) == (self.salt, self.check)

    def describe(self) -> dict[str, Any]:
        """What is stored of the lock; nothing secret."""
        scrypt = None if self.scrypt is None else dict(self.scrypt)
        return {"format": FORMAT, "salt": self.salt.hex(), "scrypt": scrypt, "check": self.check}

    def wrap(self, data_keys: Mapping[str, bytes]) -> dict[str, str]:
        """Data keys by id, encrypted, in hexadecimal."""
        cipher, wrapped = aesgcm(self._secret), {}
        for name, secret in data_keys.items():
            nonce = secrets.token_bytes(NONCE)
            wrapped[name] = (nonce + cipher.encrypt(nonce, secret, _context(name))).hex()
        return wrapped

    def unwrap(self, wrapped: Mapping[str, str]) -> dict[str, bytes]:
        """Data keys by id.

        Raises:
            GalleryCorrupt: one is damaged.
        """
        from cryptography.exceptions import InvalidTag

        cipher, keys = aesgcm(self._secret), {}
        for name, text in wrapped.items():
            try:
                blob = bytes.fromhex(text)
                keys[name] = cipher.decrypt(blob[:NONCE], blob[NONCE:], _context(name))
            except (InvalidTag, ValueError, TypeError) as error:
                raise GalleryCorrupt(f"gallery vault: data key {name} is damaged; {RESTORE}") from error
        return keys

    @classmethod
    def _derived(cls, secret: bytes | Passphrase, salt: bytes, scrypt: Mapping[str, int] | None) -> Lock:
        try:
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
        except ImportError as error:
            raise _missing() from error
        if isinstance(secret, Passphrase):
            secret = Scrypt(salt=salt, length=KEY_BYTES, **(scrypt or _SCRYPT)).derive(secret.stretchable())
        both = HKDF(SHA256(), 2 * KEY_BYTES, salt, b"visavis gallery vault").derive(secret)
        return cls(salt, scrypt, both[KEY_BYTES:].hex(), both[:KEY_BYTES])


RESTORE = "restore the gallery from a copy"


def described(stored: Mapping[str, Any]) -> tuple[bytes, dict[str, int] | None, str]:
    """Salt, cost of scrypt and check of a stored vault.

    Raises:
        GalleryCorrupt: the description is damaged, or of a newer format.
    """
    try:
        if stored["format"] != FORMAT:
            raise GalleryCorrupt(f"gallery vault: unknown format {stored['format']}; open it with a newer visavis")
        scrypt = None if stored["scrypt"] is None else _bounded(stored["scrypt"])
        return bytes.fromhex(stored["salt"]), scrypt, bytes.fromhex(stored["check"]).hex()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GalleryCorrupt(f"gallery vault: its description is damaged; {RESTORE}") from error


def aesgcm(key: bytes) -> AESGCM:
    """The cipher of a key.

    Raises:
        MissingExtra: the library `cryptography` is absent.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise _missing() from error
    return AESGCM(key)


def _bounded(scrypt: Mapping[str, Any]) -> dict[str, int]:
    cost = {name: int(scrypt[name]) for name in ("n", "r", "p")}
    if min(cost.values()) < 1 or 128 * cost["n"] * cost["r"] * cost["p"] > _LARGEST_SCRYPT or cost["n"].bit_count() > 1:
        raise ValueError("impossible cost of scrypt")
    return cost


def _context(name: str) -> bytes:
    return f"visavis data key {FORMAT} {name}".encode()


def _missing() -> MissingExtra:
    return MissingExtra('encrypted galleries need the library cryptography: pip install "visavis[gallery]"')
