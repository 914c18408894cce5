"""Reading arrays from foreign pickle files without running anything that is in them.

A pickle is a program: it may name any function and have it called. Here every name it may use is listed, and stands
for a record of ours that only remembers what it was given; no code of numpy, scipy, chumpy or torch is reached from a
file. What the records mean is worked out afterwards, from data alone. Any other name is refused.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, ClassVar

from visavis.errors import DataError


class _Sealed(type):
    """The class of records: a pickle can write attributes of whatever it can name, but not of these."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"it tries to change {cls.__name__}.{name}")


class Record(metaclass=_Sealed):
    """What a pickle made: the arguments it gave and the state it set."""

    args: tuple[Any, ...]
    state: Any
    numbers: Any
    """The array it stands for, once that is worked out."""

    def __new__(cls, *args: Any) -> Any:
        """Remember the arguments."""
        record = object.__new__(cls)
        record.args, record.state, record.numbers = args, None, None
        return record

    def __init__(self, *args: Any) -> None:
        """Nothing: `__new__` has stored the arguments."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


class ArrayRecord(Record):
    """numpy.ndarray; state = (version, shape, dtype, column-major, bytes or objects)."""


class DtypeRecord(Record):
    """numpy.dtype; args = (code, ...), state = (version, byte order, ...)."""


class BufferRecord(Record):
    """numpy's `_frombuffer`; args = (bytes, dtype, shape, order)."""


class ScalarRecord(Record):
    """numpy's `scalar`; args = (dtype, bytes)."""


class SparseRecord(Record):
    """A compressed sparse matrix; state = {_shape, indptr, indices, data}."""


class RowsRecord(SparseRecord):
    """Compressed along rows."""


class ColumnsRecord(SparseRecord):
    """Compressed along columns."""


class ChumpyRecord(Record):
    """chumpy.ch.Ch; state["x"] is its value."""


class SelectionRecord(Record):
    """chumpy.reordering.Select; state = {a: source, idxs: into the flat source, preferred_shape}."""


class TextRecord(Record):
    """`_codecs.encode` or `bytes`; args = (text, "latin1") or (): bytes as Python 3 writes them for Python 2."""


class TensorRecord(Record):
    """torch's `_rebuild_tensor_v2`; args = (storage, offset, shape, strides, ...)."""


class StorageRecord(Record):
    """torch's `_load_from_bytes`; args = (a whole file of torch.save in its old format,)."""


class ElementRecord(Record):
    """The type of a torch storage; never called."""


class Float32Record(ElementRecord):
    """torch.FloatStorage."""


class Float64Record(ElementRecord):
    """torch.DoubleStorage."""


class Int32Record(ElementRecord):
    """torch.IntStorage."""


class Int64Record(ElementRecord):
    """torch.LongStorage."""


class IgnoredRecord(Record):
    """Something that arrays do not need."""


class ReconstructRecord(Record):
    """numpy's `_reconstruct`, which makes an array to be filled."""

    def __new__(cls, *args: Any) -> Any:
        """An array that gets its state later."""
        return ArrayRecord()


class ReconstructorRecord(Record):
    """copyreg's `_reconstructor`, which makes an object of a class."""

    def __new__(cls, *args: Any) -> Any:
        """A record of the class in `args[0]`."""
        if not args or not isinstance(args[0], _Sealed):
            raise pickle.UnpicklingError("it makes an object of something that is no class")
        return args[0]()


def _names(modules: str, names: str, record: type[Record]) -> dict[tuple[str, str], type[Record]]:
    return dict.fromkeys(product(modules.split(), names.split()), record)


_CORE = "numpy.core.{0} numpy._core.{0}"
_ALLOWED: dict[tuple[str, str], type[Record]] = {
    **_names("numpy", "ndarray", ArrayRecord),
    **_names("numpy", "dtype", DtypeRecord),
    **_names(_CORE.format("multiarray"), "_reconstruct", ReconstructRecord),
    **_names(_CORE.format("multiarray"), "scalar", ScalarRecord),
    **_names(_CORE.format("numeric"), "_frombuffer", BufferRecord),
    **_names("scipy.sparse.csc scipy.sparse._csc", "csc_matrix csc_array", ColumnsRecord),
    **_names("scipy.sparse.csr scipy.sparse._csr", "csr_matrix csr_array", RowsRecord),
    **_names("chumpy.ch", "Ch", ChumpyRecord),
    **_names("chumpy.reordering", "Select", SelectionRecord),
    **_names("_codecs", "encode", TextRecord),
    **_names("__builtin__ builtins", "bytes", TextRecord),
    **_names("torch._utils", "_rebuild_tensor_v2", TensorRecord),
    **_names("torch.storage", "_load_from_bytes", StorageRecord),
    **_names("torch", "FloatStorage", Float32Record),
    **_names("torch", "DoubleStorage", Float64Record),
    **_names("torch", "IntStorage", Int32Record),
    **_names("torch", "LongStorage", Int64Record),
    **_names("copyreg copy_reg", "_reconstructor", ReconstructorRecord),
    **_names("builtins __builtin__", "object set", IgnoredRecord),
    **_names("collections", "OrderedDict", IgnoredRecord),
}
"""Every (module, name) that a pickle may use, and the record that takes its place."""


class _Unpickler(pickle._Unpickler):
    """Knows only the names in `_ALLOWED`, and allocates no more than the file holds.

    This is the reader written in Python: one opcode can make the one in C allocate gigabytes for its table of objects.
    Tuples in tuples are no keys here: a few bytes can nest them so that hashing one takes years.
    """

    stack: list[Any]
    read: Callable[[int], bytes]
    append: Callable[[Any], None]

    def find_class(self, module: str, name: str) -> Any:
        record = _ALLOWED.get((module, name))
        if record is None:
            raise _ForeignName(f"{module}.{name}")
        return record

    def persistent_load(self, pid: Any) -> Any:
        """What a torch file says about a storage: its element type and size; the numbers follow later."""
        return pid

    def load_bytearray8(self) -> None:
        """As inherited, but without setting aside what is announced before it is there."""
        size = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(size)))

    def load_keys(self, opcode: int, first: int, step: int) -> None:
        """As inherited, once the keys on the stack, from `first` on, are known to be quick to hash."""
        for key in self.stack[first::step]:
            if isinstance(key, tuple) and any(isinstance(part, tuple) for part in key):
                raise pickle.UnpicklingError("it uses nested tuples as a key")
        inherited: Callable[[_Unpickler], None] = pickle._Unpickler.dispatch[opcode]  # type: ignore[assignment]
        inherited(self)

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch,
        pickle.BYTEARRAY8[0]: load_bytearray8,
        pickle.SETITEM[0]: partial(load_keys, opcode=pickle.SETITEM[0], first=-2, step=2),
        pickle.SETITEMS[0]: partial(load_keys, opcode=pickle.SETITEMS[0], first=0, step=2),
        pickle.DICT[0]: partial(load_keys, opcode=pickle.DICT[0], first=0, step=2),
        pickle.ADDITEMS[0]: partial(load_keys, opcode=pickle.ADDITEMS[0], first=0, step=1),
        pickle.FROZENSET[0]: partial(load_keys, opcode=pickle.FROZENSET[0], first=0, step=1),
    }


class _ForeignName(pickle.UnpicklingError):
    """A name that is not allowed."""


def read_pickle(source: str, data: bytes) -> Any:
    """The contents of a pickle; arrays in it are still records, to be decoded by `array`.

    Args:
        source: name of the file, for messages.
        data: the bytes of the file; text of Python 2 is read as latin-1.

    Raises:
        DataError: the bytes are no complete pickle, or use a name that is not needed for arrays.
    """
    return load(source, io.BytesIO(data))


def load(source: str, file: io.BytesIO) -> Any:
    """As `read_pickle`, of a file that may go on behind the pickle."""
    try:
        return _Unpickler(file, encoding="latin1").load()
    except _ForeignName as error:
        raise DataError(
            f"{source}: refused, because this pickle would run {error}, which reading arrays does not need; "
            "do not open it with other programs either, unless you know who made it"
        ) from error
    except Exception as error:  # a damaged pickle can fail in any way
        raise DataError(f"{source}: is not a complete pickle file ({error}); get the file again") from error
