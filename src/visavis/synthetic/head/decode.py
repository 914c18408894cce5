"""What the records of a restricted pickle mean: arrays, worked out from data alone."""

from __future__ import annotations

import io
import math
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DataError
from visavis.synthetic.head import pickles as p

Array = NDArray[Any]

_CODES = {f"{kind}{size}" for kind, sizes in (("f", "248"), ("i", "1248"), ("u", "1248"), ("b", "1")) for size in sizes}
_TORCH = {p.Float32Record: "<f4", p.Float64Record: "<f8", p.Int32Record: "<i4", p.Int64Record: "<i8"}
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_MALFORMED = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
_LARGEST = 2**26  # elements; FLAME's largest array has 6 million
_MOST_AXES = 32


def array(source: str, value: Any) -> Array:
    """The numbers in a value of `read_pickle`: an array, a sparse matrix, a chumpy object, a tensor or a list.

    Args:
        source: what is read, for messages.
        value: a part of what `read_pickle` gave.

    Raises:
        DataError: it holds no numbers, or contradicts itself.
    """
    try:
        numbers = _part(value)
        if numbers.dtype.kind not in "fiub":
            raise TypeError(f"found elements of type {numbers.dtype}")
    except _MALFORMED as error:
        raise DataError(f"{source}: is not an array of numbers ({error}); get the file again") from error
    return numbers


def objects(value: Any) -> list[Any] | None:
    """The elements of an array of objects, such as a file of `numpy.save` holds; None if it is something else."""
    if isinstance(value, p.ArrayRecord) and isinstance(value.state, tuple) and len(value.state) == 5:
        return value.state[4] if isinstance(value.state[4], list) else None
    return None


def _part(value: Any) -> Array:
    """`_decode`, once for each record however often others refer to it."""
    if not isinstance(value, p.Record):
        return _decode(value)
    if value.numbers is None:
        value.numbers = _decode(value)
    numbers: Array = value.numbers
    return numbers


@singledispatch
def _decode(value: Any) -> Array:
    raise TypeError(f"found {type(value).__name__}")


@_decode.register
def _(value: p.ArrayRecord) -> Array:
    _, shape, kind, column_major, data = value.state
    return _numbers(data, _dtype(kind), shape, "F" if column_major else "C")


@_decode.register
def _(value: p.BufferRecord) -> Array:
    data, kind, shape, order = value.args
    return _numbers(data, _dtype(kind), shape, order)


@_decode.register
def _(value: p.ScalarRecord) -> Array:
    kind, data = value.args
    return _numbers(data, _dtype(kind), (), "C")


@_decode.register
def _(value: p.ChumpyRecord) -> Array:
    return _part(value.state["x"] if "x" in value.state else value.state["r"])


@_decode.register
def _(value: p.SelectionRecord) -> Array:
    chosen = _part(value.state["a"]).ravel()[_part(value.state["idxs"])]
    return chosen.reshape(value.state["preferred_shape"])


@_decode.register(list)
@_decode.register(tuple)
def _(value: list[Any] | tuple[Any, ...]) -> Array:
    if not all(isinstance(item, int | float) for item in value):
        raise TypeError("found a list of something else than numbers")
    return np.array(value)


@_decode.register(int)
@_decode.register(float)
def _(value: float) -> Array:
    return np.asarray(value)


@_decode.register
def _(matrix: p.SparseRecord) -> Array:
    """Write a compressed matrix out in full."""
    state = matrix.state
    by_columns = isinstance(matrix, p.ColumnsRecord)
    shape = _small(state["_shape"] if "_shape" in state else state["shape"])
    lines, across = shape[::-1] if by_columns else shape
    pointers, indices, data = (_part(state[name]) for name in ("indptr", "indices", "data"))
    counts = np.diff(pointers)
    if len(counts) != lines or counts.min(initial=0) < 0 or not counts.sum() == len(indices) == len(data):
        raise ValueError("the sparse matrix contradicts itself")
    if len(indices) and not 0 <= indices.min() <= indices.max() < across:
        raise ValueError("the sparse matrix has entries outside its shape")
    full = np.zeros((lines, across), dtype=data.dtype)
    np.add.at(full, (np.repeat(np.arange(lines), counts), indices), data)  # entries named twice add up
    return full.T if by_columns else full


@_decode.register
def _(tensor: p.TensorRecord) -> Array:
    """Pick a tensor's elements, offset + sum of index * stride, from its storage."""
    storage, offset, shape, strides = tensor.args[:4]
    flat, shape = _storage(storage), _small(shape)
    if max(math.prod(shape), *shape) > len(flat):
        raise ValueError("the tensor is larger than its storage")
    index = np.full(shape, offset, dtype=np.int64)
    for axis, stride in enumerate(strides):
        index += np.expand_dims(np.arange(shape[axis]) * stride, tuple(i for i in range(len(shape)) if i != axis))
    if index.size and not 0 <= index.min() <= index.max() < len(flat):
        raise ValueError("the tensor reaches outside its storage")
    return flat[index]


def _small(shape: Any) -> tuple[int, ...]:
    """`shape`, refused where a few bytes of file would ask for gigabytes."""
    if not isinstance(shape, list | tuple) or len(shape) > _MOST_AXES:
        raise TypeError("found an array without a shape")
    if not all(isinstance(side, int) and 0 <= side <= _LARGEST for side in shape) or math.prod(shape) > _LARGEST:
        raise ValueError(f"the shape is not of whole numbers with a product of 0..{_LARGEST}")
    return tuple(shape)


def _dtype(record: Any) -> np.dtype[Any]:
    """The number type that a record of numpy.dtype stands for."""
    code = record.args[0] if isinstance(record, p.DtypeRecord) and record.args else None
    if not isinstance(code, str) or code not in _CODES:  # nothing from a file is hashed or printed unseen
        raise TypeError(f"found elements of type {code[:9] if isinstance(code, str) else type(code).__name__}")
    order = record.state[1] if record.state else "<"
    return np.dtype(f"{order if order in ('<', '>', '|') else '<'}{code}")


def _numbers(data: Any, kind: np.dtype[Any], shape: Any, order: Any) -> Array:
    shape = _small(shape)
    if isinstance(data, p.TextRecord):
        data = data.args[0] if data.args else ""
    raw = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(raw, bytes | bytearray):
        raise TypeError(f"found {type(raw).__name__} instead of bytes")
    if math.prod(shape) * kind.itemsize != len(raw):
        raise ValueError(f"shape {shape} of {kind} does not fit {len(raw)} bytes")
    flat = np.frombuffer(raw, kind).astype(kind.newbyteorder("="))
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _storage(storage: Any) -> Array:
    """The numbers of a torch storage: five pickles (magic, protocol, system, contents, keys), a count, the elements."""
    if not isinstance(storage, p.StorageRecord):
        raise TypeError("a tensor without its storage")
    file = io.BytesIO(storage.args[0])
    magic, _, _, contents, _ = (p.load("torch storage", file) for _ in range(5))
    if magic != _TORCH_MAGIC:
        raise ValueError("not a torch storage")
    element = contents[1]
    if not (isinstance(element, type) and issubclass(element, p.ElementRecord)):
        raise TypeError("a torch storage without a type")
    kind = np.dtype(_TORCH[element])
    count = int.from_bytes(file.read(8), "little")
    return _numbers(file.read(count * kind.itemsize), kind, (count,), "C")
