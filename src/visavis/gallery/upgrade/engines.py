"""Models by name: a card's id, with `+flip` for the mirrored variant, or the fingerprint that a gallery shows."""

from __future__ import annotations

from visavis.errors import InvalidInput, ModelNotFound
from visavis.face import Engine
from visavis.models import find_card


def named_variant(name: str) -> tuple[str, bool]:
    """Card id and whether templates are averaged with those of the mirrored face, from ID[@HASH][+flip].

    Raises:
        ModelNotFound: there is no such card, or it has other weights than the fingerprint says.
        InvalidInput: another setting than +flip.
    """
    base, plus, setting = name.partition("+")
    if plus and setting != "flip":
        raise InvalidInput(f"model {name!r}: +{setting} is no variant; write ID or ID+flip")
    card = find_card(base.partition("@")[0])
    if "@" in base and base != card.fingerprint:
        raise ModelNotFound(
            f"model {name!r}: the weights here are those of {card.fingerprint}; register the file that is meant under "
            "a name of its own (`visavis models add`)"
        )
    return card.id, bool(plus)


def same_but(engine: Engine, name: str) -> Engine:
    """An engine with the same settings and another embedder; see `named_variant` for the name and errors."""
    embedder, flip = named_variant(name)
    found = engine.settings
    return Engine(
        engine.detector_card.id,
        embedder,
        align=engine.align,
        flip=flip,
        long_side=found.long_side,
        min_score=found.min_score,
        hint_score=found.hint_score,
        min_size=found.min_size,
        tiles=found.tiles,
        threads=engine.threads,
        device=engine.device,
        limits=engine.limits,
        allow_restricted=engine.allow_restricted,
    )
