"""Registering a model file that the user has on disk: its layout is read off the file, the rest becomes a card."""

from __future__ import annotations

import hashlib
import re
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

import tomli_w

from visavis.errors import CardError, InvalidInput, ModelCorrupt, ModelNotFound, StorageError
from visavis.models.calibration import Calibration
from visavis.models.card import ModelCard, parse_card
from visavis.models.converters.onnx_wire import read_model
from visavis.models.locations import user_cards_dir
from visavis.models.network import Network
from visavis.models.registry import builtin_cards, user_cards
from visavis.storage import write_atomic

LAYOUTS = ("scrfd", "arcface", "adaface", "edgeface")
_SCALING = ("Sub", "Add", "Mul", "Div", "Cast", "Identity")
_UNKNOWN_LICENCE = (
    "Not stated when the file was registered. Most published face models may not be used commercially; find out what "
    "applies to this file and register it again with --licence and --commercial-use."
)


def add(
    path: str | Path,
    *,
    model_id: str | None = None,
    layout: str | None = None,
    title: str | None = None,
    licence: str | None = None,
    commercial_use: str = "no",
    training_data: str = "not stated",
    replace: bool = False,
) -> ModelCard:
    """Write a card for an ONNX file, so that it can be used by name; the file stays where it is.

    Args:
        path: an SCRFD detector with five points, or an embedder of aligned square chips (ArcFace, AdaFace, EdgeFace).
        model_id: name to use; made from the file's name if None.
        layout: what kind of model it is; read off the file if None (AdaFace, which reads BGR, must be named).
        title: for people.
        licence: name or text of the file's licence.
        commercial_use: what that licence allows; "no" (also when unknown) makes every use ask for consent.
        training_data: what the model learnt from.
        replace: overwrite an earlier card of this name.

    Raises:
        InvalidInput: `layout` is none of `LAYOUTS`.
        CardError: the file has no layout that visavis knows, or the name is taken.
        ModelCorrupt: onnxruntime cannot load the file.
        ModelError: it does not read exactly one input.
        StorageError: the card could not be written.
    """
    try:
        file = Path(path).expanduser().resolve()
        data = file.read_bytes() if file.is_file() or not file.exists() else None
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # null characters, unknown ~users, other types
        reason = getattr(error, "strerror", None) or error
        raise CardError(f"{path}: cannot be read ({reason}); give the path of an .onnx file") from error
    if data is None:
        raise CardError(f"{path}: is no regular file; give the path of an .onnx file")
    name = model_id or re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-._") or "model"
    card = parse_card(
        {
            "id": name,
            "title": title or f"{file.name}, added by the user",
            "converter": "none",
            "source": {"path": str(file), "sha256": hashlib.sha256(data).hexdigest()},
            "licence": {
                "name": licence or "not stated",
                "text": licence or _UNKNOWN_LICENCE,
                "commercial_use": commercial_use,
                "training_data": training_data,
            },
            **_described(Network(data, file.name, threads=1), layout, file.name, _scales_itself(data, file.name)),
        },
        name,
    )
    _save(card, replace=replace)
    return card


def own_card(model_id: str) -> ModelCard:
    """The card of a model that the user has added.

    Raises:
        ModelNotFound: there is none; built-in cards are part of visavis and cannot be changed.
    """
    added = user_cards()
    if model_id not in added:
        known = ", ".join(sorted(added)) or "none yet"
        raise ModelNotFound(f"{model_id!r} is not one of your own models ({known}); `visavis models add` makes one")
    return added[model_id]


def set_calibration(model_id: str, setting: Literal["plain", "flip"], calibration: Calibration) -> ModelCard:
    """Put a calibration into the card of a model that the user has added.

    Raises:
        ModelNotFound: see `own_card`.
        StorageError: the card could not be written.
    """
    card = own_card(model_id)
    card = card.model_copy(update={"calibration": {**card.calibration, setting: calibration}})
    _save(card, replace=True)
    return card


def remove(model_id: str) -> None:
    """Forget a model that the user has added; its file stays.

    Raises:
        ModelNotFound: see `own_card`.
        StorageError: the card could not be deleted.
    """
    own_card(model_id)
    path = user_cards_dir() / f"{model_id}.toml"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be deleted ({error.strerror}); check who owns its folder") from error


def _save(card: ModelCard, *, replace: bool) -> None:
    path = user_cards_dir() / f"{card.id}.toml"
    if card.id in builtin_cards():
        raise CardError(f"{card.id}: is the name of a built-in model; choose another with --id")
    if path.exists() and not replace:
        raise CardError(f"{card.id}: a card of this name exists ({path}); choose another with --id, or pass --replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path.parent}: cannot be made ({error.strerror}); set VISAVIS_DATA to a folder of yours"
        ) from error
    fields = card.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    write_atomic(path, tomli_w.dumps(fields).encode())


def _scales_itself(data: bytes, name: str) -> bool:
    """Whether a network begins by scaling the pixels 0..255 itself, as files that came from MXNet do."""
    try:
        nodes = read_model(data, name).nodes
    except ModelCorrupt:  # operators that only onnxruntime can read
        return False
    first = {node.op for node in takewhile(lambda node: node.op in _SCALING, nodes)}
    return bool(first & {"Sub", "Add"}) and bool(first & {"Mul", "Div"})


def _described(network: Network, layout: str | None, name: str, scaled: bool) -> dict[str, Any]:
    """The part of a card that the file itself tells."""
    outputs = network.output_shapes
    if layout is not None and layout not in LAYOUTS:
        raise InvalidInput(f"layout {layout!r}: choose one of {', '.join(LAYOUTS)}")
    if len(network.input_shape) != 4 or network.input_shape[1] != 3:
        raise CardError(f"{name}: reads {network.input_shape}, expected (n, 3, height, width) planes of colour")
    if isinstance(network.input_shape[0], int) and network.input_shape[0] != 1:
        raise CardError(f"{name}: reads {network.input_shape[0]} pictures at a time; export it with a free batch size")
    if layout == "scrfd" or (layout is None and len(outputs) > 1):
        return _detector(network, name)
    return _embedder(network, layout or "arcface", name, scaled)


def _detector(network: Network, name: str) -> dict[str, Any]:
    widths = sorted(shape[-1] for shape in network.output_shapes if isinstance(shape[-1], int))
    if len(network.output_shapes) != 9 or widths != [1, 1, 1, 4, 4, 4, 10, 10, 10]:
        raise CardError(
            f"{name}: its outputs {network.output_shapes} are not those of an SCRFD detector with five points "
            "(scores, boxes and points at three strides); the variants without points cannot align faces"
        )
    height, width = (side if isinstance(side, int) else 0 for side in network.input_shape[2:])
    return {
        "task": "detect",
        "input": {
            "layout": "nchw-float32",
            "width": width,
            "height": height,
            "multiple": 32,
            "mean": [127.5] * 3,
            "std": [128.0] * 3,
        },
        "output": {"decoder": "scrfd"},
    }


def _embedder(network: Network, layout: str, name: str, scaled: bool) -> dict[str, Any]:
    height, width = network.input_shape[2:]
    if not isinstance(width, int) or height != width or (width % 112 and width % 128):
        raise CardError(f"{name}: reads {width} x {height} pixels, expected square chips of a multiple of 112 or 128")
    dimensions = network.output_shapes[0][-1] if network.output_shapes else None
    if len(network.output_shapes) != 1 or not isinstance(dimensions, int):
        raise CardError(f"{name}: its outputs {network.output_shapes} are not one vector for each chip")
    return {
        "task": "embed",
        "alignment": f"arcface-{width}",
        "input": {
            "layout": "nchw-float32",
            "colour": "bgr" if layout == "adaface" else "rgb",
            "width": width,
            "height": height,
            "mean": [0.0 if scaled else 127.5] * 3,
            "std": [1.0 if scaled else 127.5] * 3,
        },
        "output": {"decoder": "embedding", "dimensions": dimensions, "metric": "cosine"},
    }
