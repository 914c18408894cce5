"""Reading a file that `export` wrote; whatever else is given ends in an error that says what is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import DataError
from visavis.gallery.transfer.layout import FORMAT, METADATA, REQUIRED, columns, libraries

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS, _ROWS_WITH_CROPS = 5_000, 500
_AGAIN = "export the gallery again (`visavis gallery export`)"
_FACTS: Mapping[str, tuple[type, ...]] = {
    "gallery": (str,), "fingerprint": (str,), "dimension": (int,), "metric": (str,), "precision": (str,),
    "scale": (float, int, type(None)), "references": (int,), "crops": (bool,), "apart": (list,),
}  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """Some rows of a file.

    Attributes:
        first: number of the first, from 1 on.
        values: by column, without the templates; columns that the file lacks are None throughout.
        vectors: (n, d) float32 templates, or int8 codes.
    """

    first: int
    values: Mapping[str, Sequence[Any]]
    vectors: NDArray[Any]

    def __len__(self) -> int:
        return len(self.vectors)


class ExportFile:
    """An exported gallery.

    Args:
        path: of the file.

    Attributes:
        facts: of the gallery it was, see `layout`.

    Raises:
        DataError: it is no such file, is damaged, or a newer visavis wrote it.
        MissingExtra: pyarrow is absent.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        _, parquet = libraries()
        with _readable(self.path):
            self._file = parquet.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)
            schema = self._file.schema_arrow
        self.facts = self._checked_facts(schema.metadata or {})
        self._types = columns(self.facts["dimension"], self.facts["precision"], crops=self.facts["crops"])
        self._data = "template" if self.facts["precision"] == "float32" else "codes"
        if missing := [name for name in (*REQUIRED, self._data) if name not in schema.names]:
            raise DataError(f"{self.path}: lacks the column {', '.join(missing)}; {_AGAIN}")
        self._names = [name for name in self._types if name in schema.names]

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self) -> Iterator[Rows]:
        """All rows, in blocks.

        Raises:
            DataError: the file is damaged, or a column holds something else than it should.
        """
        first, size = 1, _ROWS_WITH_CROPS if self.facts["crops"] else _ROWS
        batches = self._file.iter_batches(batch_size=size, columns=self._names)
        while True:
            with _readable(self.path):
                batch = next(batches, None)
                if batch is None:
                    return
                rows = self._rows(batch, first)
            yield rows
            first += len(rows)

    def has_reference(self, id_: str) -> bool:
        """Whether some row has this id; reads the whole column."""
        from pyarrow import compute

        with _readable(self.path):
            batches = self._file.iter_batches(columns=["reference"])
            return any(compute.any(compute.equal(batch.column(0), id_)).as_py() for batch in batches)

    def _rows(self, batch: Any, first: int) -> Rows:
        arrays = {name: batch.column(name) for name in batch.schema.names}
        for name, array in arrays.items():
            if array.type != self._types[name]:
                arrays[name] = self._cast(name, array)
        for name in (*REQUIRED, self._data):
            if arrays[name].null_count:
                row = first + int(np.argmax(np.asarray(arrays[name].is_null())))
                raise DataError(f"{self.path}, row {row}: has no {name}; {_AGAIN}")
        flat = arrays.pop(self._data).flatten()
        if flat.null_count:
            raise DataError(f"{self.path}, rows from {first} on: templates have gaps; {_AGAIN}")
        vectors = flat.to_numpy(zero_copy_only=False).reshape(len(batch), self.facts["dimension"])
        values: dict[str, Sequence[Any]] = {name: array.to_pylist() for name, array in arrays.items()}
        empty = [None] * len(batch)
        return Rows(first, {name: values.get(name, empty) for name in self._types if name != self._data}, vectors)

    def _cast(self, name: str, array: Any) -> Any:
        """A column that another program wrote with a like type."""
        pa, _ = libraries()
        try:
            return array.cast(self._types[name])
        except pa.ArrowException as error:
            raise DataError(
                f"{self.path}: its column {name} holds {array.type}, not {self._types[name]}; {_AGAIN}"
            ) from error

    def _checked_facts(self, metadata: Mapping[bytes, bytes]) -> Mapping[str, Any]:
        if METADATA not in metadata:
            raise DataError(
                f"{self.path}: is no exported gallery, for its schema lacks the metadata {METADATA.decode()}; "
                f"{_AGAIN}; a program that rewrites the file must carry it over"
            )
        try:
            facts = json.loads(metadata[METADATA])
            version = facts["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged() from error
        if not isinstance(version, int) or version > FORMAT:
            raise DataError(
                f"{self.path}: was exported by a newer visavis (format {version}, known is {FORMAT}); "
                'install it: pip install --upgrade "visavis[gallery]"'
            )
        if any(not isinstance(facts.get(name, facts), kinds) for name, kinds in _FACTS.items()):
            raise self._damaged()
        scaled = facts["scale"] is not None and 0 < facts["scale"] < np.inf
        if (
            facts["metric"] not in ("euclidean", "cosine")
            or facts["precision"] not in ("float32", "int8")
            or not 1 <= facts["dimension"] <= 16_000
            or (facts["precision"] == "int8" and not scaled and facts["references"])
            or not all(_is_pair(pair) for pair in facts["apart"])
        ):
            raise self._damaged()
        found: Mapping[str, Any] = facts
        return found

    def _damaged(self) -> DataError:
        return DataError(f"{self.path}: what it says about its gallery ({METADATA.decode()}) is damaged; {_AGAIN}")


def _is_pair(pair: Any) -> bool:
    """Whether this says of two people that they were set apart."""
    try:
        texts = [pair["reason"], *(text for who in pair["people"] for text in who)]
    except (KeyError, TypeError):
        return False
    return [len(who) for who in pair["people"]] == [2, 2] and all(isinstance(text, str) for text in texts)


def is_export(path: str | os.PathLike[str]) -> bool:
    """Whether a Parquet file says that it is an exported gallery.

    Raises:
        DataError: it is no Parquet file, or a damaged one.
    """
    _, parquet = libraries()
    with _readable(os.fspath(path)):
        return METADATA in (parquet.read_schema(path).metadata or {})


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Whatever reading a file ends in, as an error of ours."""
    pa, _ = libraries()
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file; name the one that was exported") from error
    except pa.ArrowException as error:
        raise DataError(f"{path}: is no Parquet file, or a damaged one ({_first_line(error)}); {_AGAIN}") from error
    except (OSError, ValueError, OverflowError, MemoryError) as error:  # also what damaged numbers lead to
        raise DataError(f"{path}: cannot be read ({_first_line(error)}); {_AGAIN}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0][:200]
