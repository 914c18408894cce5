"""ONNX files read and written without the `onnx` package: the few protobuf messages that our converters touch.

Message and field numbers are those of the public `onnx.proto`. Unknown fields of a model are dropped on reading,
which is safe here because only graphs made of the plain operators are rewritten.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ModelCorrupt

Array = NDArray[Any]
Attribute = int | float | str | Array | tuple[int, ...] | tuple[float, ...]
Shape = tuple[int | str, ...]
"""Sides of a tensor; a string names a side that is free."""

OPSET = 17
_IR_VERSION = 8
_DTYPES: dict[int, np.dtype[Any]] = {
    code: np.dtype(name)
    for code, name in ((1, "<f4"), (2, "u1"), (3, "i1"), (6, "<i4"), (7, "<i8"), (9, "?"), (10, "<f2"), (11, "<f8"))
}
_DTYPE_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Tensor:
    """Name-less description of a graph input or output."""

    dtype: np.dtype[Any]
    shape: Shape


@dataclass(frozen=True)
class Node:
    """One operator application."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A model: nodes in execution order, weights by name, typed inputs and outputs."""

    nodes: tuple[Node, ...]
    weights: dict[str, Array]
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    opset: int = OPSET

    def with_nodes(self, nodes: tuple[Node, ...], **changes: Any) -> Graph:
        """The same graph with other nodes, keeping only the weights that these still read."""
        read = {name for node in nodes for name in node.inputs}
        weights = {**self.weights, **changes.pop("weights", {})}
        return replace(self, nodes=nodes, weights={k: v for k, v in weights.items() if k in read}, **changes)


# --- writing ---------------------------------------------------------------------------------------------------------


def write_model(graph: Graph) -> bytes:
    """The bytes of an `.onnx` file."""
    body = b"".join(_message(1, _write_node(node)) for node in graph.nodes)
    body += _message(2, b"visavis")
    body += b"".join(_message(5, _write_weight(name, array)) for name, array in graph.weights.items())
    body += b"".join(_message(11, _write_value(name, tensor)) for name, tensor in graph.inputs.items())
    body += b"".join(_message(12, _write_value(name, tensor)) for name, tensor in graph.outputs.items())
    opset = _message(8, _message(1, b"") + _number(2, graph.opset))
    return _number(1, _IR_VERSION) + _message(2, b"visavis") + _message(7, body) + opset


def _write_node(node: Node) -> bytes:
    parts = [_message(1, name.encode()) for name in node.inputs]
    parts += [_message(2, name.encode()) for name in node.outputs]
    parts += [_message(3, node.outputs[0].encode()), _message(4, node.op.encode())]
    parts += [_message(5, _write_attribute(name, value)) for name, value in node.attributes.items()]
    return b"".join(parts)


def _write_attribute(name: str, value: Attribute) -> bytes:
    head = _message(1, name.encode())
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return head + _key(2, _FIXED32) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, str):
        return head + _message(4, value.encode()) + _number(20, 3)
    if isinstance(value, np.ndarray):
        return head + _message(5, _write_weight("", value)) + _number(20, 4)
    if value and isinstance(value[0], float):
        return head + b"".join(_key(7, _FIXED32) + struct.pack("<f", v) for v in value) + _number(20, 6)
    return head + b"".join(_number(8, int(v)) for v in value) + _number(20, 7)


def _write_weight(name: str, array: Array) -> bytes:
    dims = b"".join(_number(1, side) for side in array.shape)
    stored = np.ascontiguousarray(array)
    return dims + _number(2, _DTYPE_CODES[stored.dtype]) + _message(8, name.encode()) + _message(9, stored.tobytes())


def _write_value(name: str, tensor: Tensor) -> bytes:
    sides = b"".join(
        _message(1, _message(2, side.encode()) if isinstance(side, str) else _number(1, side)) for side in tensor.shape
    )
    kind = _message(1, _number(1, _DTYPE_CODES[tensor.dtype]) + _message(2, sides))
    return _message(1, name.encode()) + _message(2, kind)


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _message(number: int, payload: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# --- reading ---------------------------------------------------------------------------------------------------------


def read_model(data: bytes, name: str) -> Graph:
    """The graph in the bytes of an `.onnx` file.

    Raises:
        ModelCorrupt: the bytes are not a complete ONNX model made of the data types we know.
    """
    try:
        return _read_model(memoryview(data))
    except (ValueError, TypeError, LookupError, OverflowError, MemoryError, struct.error, StopIteration) as error:
        raise ModelCorrupt(f"{name}: not a readable ONNX model ({error}); check the file or fetch it again") from error


def _read_model(data: memoryview) -> Graph:
    fields = _by_number(data)
    opsets = [_by_number(entry) for entry in fields.get(8, [])]
    opset = next(int(entry[2][0]) for entry in opsets if _text(entry.get(1, [b""])[0]) == "")
    graph = _by_number(fields[7][0])
    weights = dict(_read_weight(entry) for entry in graph.get(5, []))
    inputs = dict(_read_value(entry) for entry in graph.get(11, []))
    return Graph(
        nodes=tuple(_read_node(entry) for entry in graph.get(1, [])),
        weights=weights,
        inputs={key: tensor for key, tensor in inputs.items() if key not in weights},
        outputs=dict(_read_value(entry) for entry in graph.get(12, [])),
        opset=opset,
    )


def _read_node(data: memoryview) -> Node:
    fields = _by_number(data)
    names = {number: tuple(_text(entry) for entry in fields.get(number, [])) for number in (1, 2)}
    attributes = dict(_read_attribute(entry) for entry in fields.get(5, []))
    return Node(_text(fields[4][0]), names[1], names[2], attributes)


def _read_attribute(data: memoryview) -> tuple[str, Attribute]:
    fields = _by_number(data)
    name, kind = _text(fields[1][0]), int(fields[20][0])
    if kind == 1:
        return name, _float(fields[2][0])
    if kind == 2:
        return name, _signed(fields[3][0] if 3 in fields else 0)
    if kind == 3:
        return name, _text(fields[4][0])
    if kind == 4:
        return name, _read_weight(fields[5][0])[1]
    if kind == 6:
        return name, tuple(_packed_floats(fields.get(7, [])))
    if kind == 7:
        return name, tuple(_packed_integers(fields.get(8, [])))
    raise ValueError(f"attribute {name} has the unsupported kind {kind}")


def _read_weight(data: memoryview) -> tuple[str, Array]:
    fields = _by_number(data)
    dtype = _DTYPES[int(fields[2][0])]
    shape = tuple(_packed_integers(fields.get(1, [])))
    if 9 in fields:
        array = np.frombuffer(fields[9][0], dtype=dtype)
    elif dtype == np.dtype("<f4"):
        array = np.array(list(_packed_floats(fields.get(4, []))), dtype=dtype)
    elif dtype.kind in "iub":
        array = np.array(list(_packed_integers(fields.get(7, fields.get(5, [])))), dtype=dtype)
    else:
        raise ValueError(f"a tensor of {dtype} is stored in a way that is not read")
    return _text(fields.get(8, [b""])[0]), array.reshape(shape)


def _read_value(data: memoryview) -> tuple[str, Tensor]:
    fields = _by_number(data)
    kind = _by_number(_by_number(fields[2][0])[1][0])
    sides = [_by_number(side) for side in _by_number(kind[2][0]).get(1, [])] if 2 in kind else []
    shape = tuple(int(side[1][0]) if 1 in side else _text(side.get(2, [b"?"])[0]) for side in sides)
    return _text(fields[1][0]), Tensor(_DTYPES[int(kind[1][0])], shape)


def _by_number(data: Any) -> dict[int, list[Any]]:
    """The fields of a message, grouped by number in file order."""
    fields: dict[int, list[Any]] = {}
    for number, value in _fields(memoryview(data)):
        fields.setdefault(number, []).append(value)
    return fields


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _read_varint(data, position)
            yield number, value
            continue
        if wire == _BYTES:
            length, position = _read_varint(data, position)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire} at byte {position}")
        if position + length > len(data):
            raise ValueError(f"field {number} runs past the end")
        yield number, data[position : position + length]
        position += length


def _read_varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError(f"number too long at byte {position}")


def _packed_integers(entries: list[Any]) -> Iterator[int]:
    for entry in entries:
        if isinstance(entry, int):
            yield _signed(entry)
            continue
        position = 0
        while position < len(entry):
            value, position = _read_varint(entry, position)
            yield _signed(value)


def _packed_floats(entries: list[Any]) -> Iterator[float]:
    for entry in entries:
        yield from np.frombuffer(entry, dtype="<f4").tolist()


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _float(entry: Any) -> float:
    return float(struct.unpack("<f", entry)[0])


def _text(entry: Any) -> str:
    return str(entry, "utf-8")  # a number in place of the text is a TypeError
