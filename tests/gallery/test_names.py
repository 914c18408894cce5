"""Names of people: what is accepted, what it becomes, what is refused and how the refusal reads."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import InvalidInput
from visavis.gallery.names import MAX_NAME, checked_name


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "小野小町",
        "Mary-Jane O'Neil",
        "person 6f1e0a3c-8d52-4b1f-9a77-0c1d2e3f4a5b",
        "AC/DC",
        "..",
        "👩‍🚀 Sally",
        "می‌رود",
        "a" * 200,
    ],
)
def test_names_of_all_scripts_stay_as_they_are(name: str) -> None:
    assert checked_name(name) == name


def test_two_spellings_of_one_name_become_one() -> None:
    assert checked_name("Jose\u0301") == checked_name("José") == "José"


def test_spaces_at_the_ends_and_double_spaces_go() -> None:
    assert checked_name("  Ada \u00a0 Lovelace ") == "Ada Lovelace"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        ("  \u3000 ", "empty"),
        ("Ada\nLovelace", r"control character \(U\+000A\)"),
        ("Ada\x00", r"control character \(U\+0000\)"),
        ("Ada\u202eecalevoL", r"formatting character \(U\+202E\)"),
        ("Ada\u2028Lovelace", r"formatting character \(U\+2028\)"),
        ("Ada\u200b", r"formatting character \(U\+200B\)"),
        ("Ada\ud800", "surrogate"),
        ("a" * 201, "201 characters, at most 200"),
        ("a" * 10_000, "10,000 characters, at most 200"),
        (" " * 5000 + "a", "5,001 characters"),
        ("6f1e0a3c-8d52-4b1f-9a77-0c1d2e3f4a5b", "looks like the id of a person"),
        (" 6F1E0A3C-8D52-4B1F-9A77-0C1D2E3F4A5B ", "looks like the id of a person"),
    ],
)
def test_names_that_cannot_be_read_are_refused_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        checked_name(name)
    assert len(str(caught.value)) < 300
    str(caught.value).encode()  # whatever the name holds, the message can be printed


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not bytes"):
        checked_name(b"Ada")


@given(st.text(max_size=300))
def test_a_checked_name_is_normal_short_and_stays_itself(name: str) -> None:
    try:
        kept = checked_name(name)
    except InvalidInput:
        return
    assert kept == checked_name(kept) == kept.strip() == unicodedata.normalize("NFC", kept)
    assert 0 < len(kept) <= MAX_NAME
