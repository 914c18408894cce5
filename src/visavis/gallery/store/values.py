"""Values on their way into the database and out of it, the same in every database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, overload

from visavis.errors import GalleryCorrupt, InvalidInput
from visavis.ranges import shown

_Value = TypeVar("_Value")
ASKED = 5_000
"""Values in one question; databases limit them."""
_LARGEST = 2**63


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """Text that every database takes: what no encoding knows (odd file names) is written as an escape.

    Raises:
        InvalidInput: it is no text.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidInput(f"{shown(text)}: text is expected here, not {type(text).__name__}")
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def asked_texts(values: Iterable[str]) -> list[str]:
    """Texts to look for, each once."""
    return list(dict.fromkeys(storable(value) for value in values))


def asked_keys(values: Iterable[int], name: str = "reference keys") -> list[int]:
    """Numbers to look for, each once; those that no row can have are left out.

    Args:
        values: the numbers.
        name: of the argument, for messages.

    Raises:
        InvalidInput: one is no whole number.
    """
    try:
        return list(dict.fromkeys(key for value in values if -_LARGEST <= (key := value.__index__()) < _LARGEST))
    except (AttributeError, TypeError) as error:
        raise InvalidInput(f"{name}: whole numbers are expected, as the gallery gave them ({error})") from error


def parts(values: Sequence[_Value]) -> Iterator[list[_Value]]:
    """Values in lists that fit into one question."""
    return (list(values[start : start + ASKED]) for start in range(0, len(values), ASKED))


def to_json(value: Any) -> str:
    """JSON that every database takes, and that reads back as it was written.

    Raises:
        InvalidInput: it holds something that JSON has no form for, such as NaN.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{shown(value)}: cannot be stored ({error}); give plain, finite values") from error


def from_json(text: Any) -> Any:
    """What `to_json` wrote.

    Raises:
        GalleryCorrupt: it is damaged.
    """
    if isinstance(text, int | float):  # SQLite keeps a bare number as one
        return text
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise GalleryCorrupt(
            "a record is damaged; restore the gallery from a copy, then run `visavis gallery verify`"
        ) from error
