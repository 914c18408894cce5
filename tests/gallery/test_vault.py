"""The vault: what it seals opens nowhere else, and every wrong key and altered byte is noticed."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import GalleryCorrupt, MissingExtra, WrongKey
from visavis.gallery.keys import Passphrase
from visavis.gallery.vault import OVERHEAD, Vault, crop_context, sealed_with, template_context

KEY, OTHER = bytes(range(200, 232)), bytes(range(100, 132))
CONTEXT = template_context("gallery", "model", "reference")
VAULT = Vault.create(KEY)


def stored(vault: Vault) -> dict:
    """What a database hands back."""
    description: dict = json.loads(json.dumps(vault.json))
    return description


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 written out."""
    pseudo, block, output = hmac.digest(salt, secret, "sha256"), b"", b""
    for number in range(1, 1 + -(-length // 32)):
        block = hmac.digest(pseudo, block + info + bytes([number]), "sha256")
        output += block
    return output[:length]


def wrapping_key(secret: bytes, description: dict) -> bytes:
    return hkdf(secret, bytes.fromhex(description["salt"]), b"visavis gallery vault", 64)[:32]


def test_the_rfc_5869_reference_of_these_tests_gives_the_published_value():
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42).hex() == expected


@given(st.binary(max_size=600), st.binary(max_size=60))
def test_what_is_sealed_opens_under_the_same_context(data, context):
    blob = VAULT.seal(data, context)
    assert VAULT.unseal(blob, context) == data
    assert len(blob) == len(data) + OVERHEAD


def test_a_gallery_can_be_opened_by_the_documented_layout_alone():
    description, data = stored(VAULT), np.arange(128, dtype=np.float32).tobytes()
    name = description["active"]
    wrapped = bytes.fromhex(description["data_keys"][name])
    opener = AESGCM(wrapping_key(KEY, description))
    data_key = opener.decrypt(wrapped[:12], wrapped[12:], f"visavis data key 1 {name}".encode())
    blob = VAULT.seal(data, CONTEXT)
    assert blob[0] == 1
    assert blob[1:5].hex() == name == sealed_with(blob)
    assert AESGCM(data_key).decrypt(blob[5:17], blob[17:], blob[:5] + CONTEXT) == data


def test_a_passphrase_opens_by_scrypt_and_hkdf_however_it_is_composed():
    vault = Vault.create(Passphrase("Zo\u00eb's fence"))
    description = stored(vault)
    salt = bytes.fromhex(description["salt"])
    assert description["scrypt"] == {"n": 2**17, "r": 8, "p": 1}
    secret = hashlib.scrypt("Zo\u00eb's fence".encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    wrapped = bytes.fromhex(description["data_keys"][vault.active])
    context = f"visavis data key 1 {vault.active}".encode()
    assert AESGCM(wrapping_key(secret, description)).decrypt(wrapped[:12], wrapped[12:], context)
    again = Vault.open(description, Passphrase("Zoe\u0308's fence"))
    assert again.unseal(vault.seal(b"face", CONTEXT), CONTEXT) == b"face"
    with pytest.raises(WrongKey, match="another key"):
        Vault.open(description, Passphrase("Zoe's fence"))
    with pytest.raises(WrongKey, match="a passphrase"):
        Vault.open(description, KEY)


def test_a_stored_vault_opens_with_its_key_only():
    assert Vault.open(stored(VAULT), KEY).unseal(VAULT.seal(b"face", CONTEXT), CONTEXT) == b"face"
    with pytest.raises(WrongKey, match="give its key"):
        Vault.open(stored(VAULT), None)
    with pytest.raises(WrongKey, match="another key"):
        Vault.open(stored(VAULT), OTHER)
    with pytest.raises(WrongKey, match="32 bytes"):
        Vault.open(stored(VAULT), Passphrase("correct horse"))


def test_nothing_secret_is_stored_or_shown():
    text = json.dumps(stored(VAULT)) + repr(VAULT)
    data_key = VAULT._keys[VAULT.active]
    for secret in (KEY, data_key, wrapping_key(KEY, stored(VAULT))):
        assert secret.hex() not in text
        assert repr(secret) not in text


@pytest.mark.parametrize("place", [0, 1, 4, 5, 16, 17, -1])
def test_every_altered_byte_is_noticed(place):
    blob = bytearray(VAULT.seal(b"a template", CONTEXT))
    blob[place] ^= 1
    with pytest.raises(GalleryCorrupt, match="template of reference reference"):
        VAULT.unseal(bytes(blob), CONTEXT)


@pytest.mark.parametrize(
    "blob", [b"", b"\x01", b"plain bytes that were never sealed by anybody", VAULT.seal(b"", CONTEXT)[:-1]]
)
def test_what_is_no_sealed_value_is_noticed(blob):
    with pytest.raises(GalleryCorrupt):
        VAULT.unseal(blob, CONTEXT)


def test_a_value_moved_to_another_reference_model_or_gallery_does_not_open():
    blob = VAULT.seal(b"a template", CONTEXT)
    others = [
        template_context("gallery", "model", "referenc"),
        template_context("gallery", "modelr", "eference"),
        template_context("another", "model", "reference"),
        crop_context("gallery", "reference"),
    ]
    for context in others:
        with pytest.raises(GalleryCorrupt, match="exchanged"):
            VAULT.unseal(blob, context)


@given(st.lists(st.text(max_size=4), min_size=3, max_size=3), st.lists(st.text(max_size=4), min_size=3, max_size=3))
def test_contexts_of_different_parts_differ(one, other):
    assert (template_context(*one) == template_context(*other)) == (one == other)


def test_equal_values_are_sealed_differently_and_in_order():
    values, contexts = [b"same"] * 500, [str(number).encode() for number in range(500)]
    blobs = VAULT.seal_many(values, contexts)
    assert len({blob[5:17] for blob in blobs}) == 500
    assert VAULT.unseal_many(blobs, contexts) == values
    assert VAULT.seal_many([], []) == VAULT.unseal_many([], []) == []


def test_a_new_data_key_under_a_new_user_key_opens_old_and_new_values():
    old = VAULT.seal(b"before", CONTEXT)
    between = VAULT.with_new_data_key(OTHER)
    new = between.seal(b"after", CONTEXT)
    assert sealed_with(new) == between.active != sealed_with(old) == VAULT.active
    again = Vault.open(stored(between), OTHER)
    assert (again.unseal(old, CONTEXT), again.unseal(new, CONTEXT)) == (b"before", b"after")
    assert again.active == between.active
    with pytest.raises(WrongKey):
        Vault.open(stored(between), KEY)


def test_a_dropped_data_key_opens_nothing_any_more():
    old = VAULT.seal(b"before", CONTEXT)
    between = VAULT.with_new_data_key(OTHER)
    new = between.seal(b"after", CONTEXT)
    last = Vault.open(stored(between.with_active_only()), OTHER)
    assert last.data_keys == (between.active,)
    assert last.unseal(new, CONTEXT) == b"after"
    with pytest.raises(GalleryCorrupt, match="data key of this gallery"):
        last.unseal(old, CONTEXT)


def test_a_vault_follows_what_another_process_stored_under_the_same_user_key():
    between = VAULT.with_new_data_key(OTHER)
    last = between.with_active_only()
    assert between.reopen(stored(between)) is between
    assert between.reopen(stored(last)).data_keys == (between.active,)
    with pytest.raises(WrongKey, match="meanwhile"):
        VAULT.reopen(stored(between))


def damaged(change) -> dict:
    description = stored(VAULT)
    change(description)
    return description


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.pop("salt"),
        lambda it: it.update(salt="no hex"),
        lambda it: it.update(format=2),
        lambda it: it.update(check=None),
        lambda it: it.update(scrypt={"n": 2**40, "r": 8, "p": 1}),
        lambda it: it.update(scrypt={"n": 1000, "r": 8, "p": 1}),
        lambda it: it.update(active="00000000"),
        lambda it: it.update(data_keys={}),
        lambda it: it.update(data_keys=[]),
        lambda it: it.update(data_keys={it["active"]: "00" * 60}),
        lambda it: it.update(data_keys={"0badc0de": it["data_keys"][it["active"]]}, active="0badc0de"),
    ],
)
def test_a_damaged_description_is_told_from_a_wrong_key(change):
    with pytest.raises(GalleryCorrupt):
        Vault.open(damaged(change), KEY)


def test_a_missing_library_names_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    for call in (lambda: Vault.create(KEY), lambda: Vault.open(stored(VAULT), KEY)):
        with pytest.raises(MissingExtra, match=r"visavis\[gallery\]"):
            call()
