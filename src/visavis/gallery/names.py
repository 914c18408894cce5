"""Names of people: one rule for all ways in, so that the same person is not enrolled twice under one look of a name."""

from __future__ import annotations

import re
import unicodedata

from visavis.errors import InvalidInput

MAX_NAME = 200
"""Characters, after normalisation."""

_SHOWN = 40
_UNSEEN = {"Cc": "a control character", "Cs": "half of a surrogate pair"}
_BREAKS = {"\u2028", "\u2029"}
_JOINERS = {"\u200c", "\u200d"}
"""Zero-width, but spelling in Persian and Indic names; every other unseen format character is refused."""
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""People are looked up by id first: whoever is named so would hide behind the one who has that id."""


def checked_name(name: str) -> str:
    """A person's name as galleries keep it: Unicode NFC, no spaces at the ends, single spaces within.

    Letters of all scripts, punctuation and slashes are welcome (a name is never used as a path). What cannot be seen
    is not: two names that look the same must be the same.

    Args:
        name: as typed, or as a folder is called.

    Returns:
        The name; giving it in again changes nothing.

    Raises:
        InvalidInput: empty, longer than `MAX_NAME` characters, with characters that cannot be seen, or a UUID.
    """
    if not isinstance(name, str):
        raise InvalidInput(f"a person's name is text, not {type(name).__name__}: {name!r:.{_SHOWN}}")
    if _is_plain(name) and not _ID.fullmatch(name):
        return name
    if len(name) > 20 * MAX_NAME:  # before anything is computed on it
        raise _too_long(name, len(name))
    normal = unicodedata.normalize("NFC", name)
    flaw = next((flaw for character in normal if (flaw := _flaw(character))), None)
    if flaw:
        raise InvalidInput(f"name {shown(name)}: it contains {flaw}, which cannot be seen; type the name again without")
    normal = " ".join(normal.split())
    if not normal:
        raise InvalidInput(f"name {shown(name)}: it is empty; give the person a name")
    if len(normal) > MAX_NAME:
        raise _too_long(name, len(normal))
    if _ID.fullmatch(normal):
        raise InvalidInput(
            f"name {shown(name)}: it looks like the id of a person, and could be taken for somebody else's; write "
            f"something before it, such as 'person {normal[:8]}...'"
        )
    return normal


def shown(name: str) -> str:
    """A name inside a message: quoted, unseen characters escaped, cut to a readable length."""
    quoted = repr(name[:_SHOWN])
    return quoted if len(name) <= _SHOWN else f"{quoted[:-1]}...{quoted[-1]}"


def _is_plain(name: str) -> bool:
    """Whether nothing needs doing: so it is with most names, and every reference asks."""
    return 0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable() and name == " ".join(name.split())


def _too_long(name: str, length: int) -> InvalidInput:
    return InvalidInput(f"name {shown(name)}: it has {length:,} characters, at most {MAX_NAME} are allowed; shorten it")


def _flaw(character: str) -> str | None:
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return f"{_UNSEEN[category]} (U+{ord(character):04X})"
    if (category == "Cf" and character not in _JOINERS) or character in _BREAKS:
        return f"a formatting character (U+{ord(character):04X})"
    return None
