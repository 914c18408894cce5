"""All model cards by id: the built-in ones and those the user has added."""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from visavis.errors import CardError, ModelNotFound
from visavis.models.card import ModelCard, parse_card
from visavis.models.locations import user_cards_dir

DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS = "centerface", "dlib-resnet", "dlib-landmarks5"


@functools.cache
def builtin_cards() -> dict[str, ModelCard]:
    """The cards that ship with visavis; they cannot change while it runs."""
    folder = resources.files("visavis.models") / "cards"
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return _index(_read_card(entry) for entry in sorted(files, key=lambda entry: entry.name))


def user_cards() -> dict[str, ModelCard]:
    """The cards that the user has added on this machine."""
    return {card.id: card for _, card in _user_cards() if isinstance(card, ModelCard)}


def unreadable_cards() -> dict[str, CardError]:
    """The user's card files that cannot be used, and why: one of them must not take the other models away."""
    return {path.name: problem for path, problem in _user_cards() if isinstance(problem, CardError)}


def cards() -> dict[str, ModelCard]:
    """Every known card by id; an added card cannot replace a built-in one."""
    return {**user_cards(), **builtin_cards()}


def default_cards() -> list[ModelCard]:
    """The cards of what works without asking: detector, embedder, and the landmarks of the face_recognition door."""
    return [find_card(name) for name in (DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS)]


def find_card(model_id: str) -> ModelCard:
    """The card with this id.

    Raises:
        ModelNotFound: naming the nearest ids.
        CardError: the user's card of this name cannot be used.
    """
    name = str(model_id)
    if name in builtin_cards():
        return builtin_cards()[name]
    known = cards()
    if name in known:
        return known[name]
    if broken := unreadable_cards().get(f"{name}.toml"):
        raise broken
    near = difflib.get_close_matches(name, known, n=3) or sorted(known)
    raise ModelNotFound(
        f"no model is called {model_id!r}; did you mean {', '.join(near)}? "
        "`visavis models list` shows all, `visavis models add FILE` registers a file of your own"
    )


def _user_cards() -> Iterator[tuple[Path, ModelCard | CardError]]:
    folder = user_cards_dir()
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
        try:
            yield path, _read_card(path)
        except CardError as error:
            yield path, error


def _index(found: Iterable[ModelCard]) -> dict[str, ModelCard]:
    return {card.id: card for card in found}


def _read_card(entry: Traversable | Path) -> ModelCard:
    try:
        return parse_card(tomllib.loads(entry.read_text(encoding="utf-8")), entry.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CardError(f"model card {entry}: {error}; mend or delete that file") from error
