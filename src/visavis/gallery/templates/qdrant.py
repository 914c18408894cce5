"""Templates in Qdrant: for galleries past one machine. Tested on the client's local mode; not verified on a cluster.

One collection per gallery and model, one point per reference, numbered by the reference's key. The vector serves
Qdrant's own search; the payload holds the template's exact bytes, because Qdrant normalises vectors under the cosine
metric and answers would no longer be lossless.

The database decides what exists. Templates are written here before its transaction commits, and erased after: a crash
between the two leaves points that no row names, which are never read, and which `verify(repair=True)` removes; and
erasures still to be done, which the `erasure` table remembers. A write that was acknowledged is in both.

Vectors would be readable by whoever runs the server, so encrypted galleries are not kept here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import GalleryCorrupt
from visavis.gallery.templates.qdrant_session import Session

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.gallery.types import ModelSpace

_BATCH = 500  # points a request; 512 numbers each make about 5 MB, under the server's limit of 32
ERASURE_NOTE = (
    "Qdrant no longer answers with these templates; it rewrites its files, and what they held, when its optimiser next "
    "runs, and snapshots keep what they were taken of"
)


class QdrantTemplates:
    """The collections of one gallery.

    Args:
        address: http://HOST:PORT of a server (its key in VISAVIS_QDRANT_API_KEY), or a folder for the local mode.
        gallery: id of the gallery.
    """

    def __init__(self, address: str, gallery: str) -> None:
        self.session = Session(address)
        self.gallery = gallery
        self._ready: set[str] = set()

    def collection(self, space: ModelSpace) -> str:
        """Name of the collection of a model: by its fingerprint, since numbers of models may be used again."""
        return f"visavis_{self.gallery}_{hashlib.sha256(space.fingerprint.encode()).hexdigest()[:16]}"

    def put(self, space: ModelSpace, keys: NDArray[np.int64], vectors: NDArray[Any]) -> None:
        """Add or replace templates (n, d), as they are stored; on disk when this returns."""
        from qdrant_client import models

        with self.session.work() as client:
            name = self._made(client, space)
            for block in _blocks(len(keys)):
                rows = vectors[block]
                client.upsert(
                    name,
                    models.Batch(
                        ids=keys[block].tolist(),
                        vectors=_numbers(rows, space).tolist(),
                        payloads=[{"data": base64.b64encode(row.tobytes()).decode()} for row in rows],
                    ),
                    wait=True,
                )

    def get(self, space: ModelSpace, keys: NDArray[np.int64]) -> NDArray[Any]:
        """Templates (n, d) in the order of `keys`, bit by bit as they were put.

        Raises:
            GalleryCorrupt: one is missing or has another length.
        """
        kind = np.dtype(np.float32 if space.precision == "float32" else np.int8)
        found: dict[int, bytes] = {}
        with self.session.work() as client:
            name = self._made(client, space)
            for block in _blocks(len(keys)):
                for point in client.retrieve(name, keys[block].tolist(), with_payload=True, with_vectors=False):
                    found[point.id] = base64.b64decode((point.payload or {}).get("data", ""))
        size = kind.itemsize * space.dimension
        if bad := [key for key in keys.tolist() if len(found.get(key, b"")) != size]:
            raise GalleryCorrupt(
                f"Qdrant at {self.session.address}: {len(bad)} templates are missing or damaged (reference key "
                f"{bad[0]} first); restore its snapshot, or enrol them again"
            )
        return np.frombuffer(b"".join(found[key] for key in keys.tolist()), kind).reshape(len(keys), space.dimension)

    def keys(self, space: ModelSpace, block: int = 10_000) -> Iterator[NDArray[np.int64]]:
        """Keys of all points there are, rising, also of such as no row in the database names."""
        offset: Any = None
        while True:
            with self.session.work() as client:
                points, offset = client.scroll(
                    self._made(client, space), limit=block, offset=offset, with_payload=False, with_vectors=False
                )
            yield np.array([point.id for point in points], dtype=np.int64)
            if offset is None:
                return

    def drop(self, space: ModelSpace, keys: NDArray[np.int64]) -> None:
        """Erase templates; keys that are not there are none to erase."""
        from qdrant_client import models

        with self.session.work() as client:
            name = self._made(client, space)
            for block in _blocks(len(keys)):
                client.delete(name, models.PointIdsList(points=keys[block].tolist()), wait=True)

    def drop_all(self, space: ModelSpace) -> None:
        """Erase the whole collection of a model."""
        with self.session.work() as client:
            name = self.collection(space)
            self._ready.discard(name)
            if client.collection_exists(name):
                client.delete_collection(name)

    def search(
        self, space: ModelSpace, queries: ArrayLike, k: int, *, exact: bool = True
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Qdrant's own nearest templates: keys (q, k), -1 where there is none, and float32 similarities, -inf there.

        Args:
            space: the model.
            queries: (q, d).
            k: how many.
            exact: compare with every template; False: with Qdrant's approximate index.
        """
        from qdrant_client import models

        rows = np.atleast_2d(np.asarray(queries, dtype=np.float32))
        settings = None if self.session.local else models.SearchParams(exact=exact)  # the local mode is always exact
        keys = np.full((len(rows), k), -1, dtype=np.int64)
        scores = np.full((len(rows), k), -np.inf, dtype=np.float32)
        with self.session.work() as client:
            requests = [models.QueryRequest(query=row.tolist(), limit=k, params=settings) for row in rows]
            for line, answer in enumerate(client.query_batch_points(self._made(client, space), requests)):
                for column, point in enumerate(answer.points):
                    keys[line, column] = point.id
                    scores[line, column] = point.score if space.metric == "cosine" else 1 - point.score
        return keys, scores

    def close(self) -> None:
        """Hang up."""
        self.session.close()

    def _made(self, client: Any, space: ModelSpace) -> str:
        """Name of the collection, which is there afterwards."""
        from qdrant_client import models

        name = self.collection(space)
        if name not in self._ready:
            if not client.collection_exists(name):
                distance = models.Distance.COSINE if space.metric == "cosine" else models.Distance.EUCLID
                shape = models.VectorParams(size=space.dimension, distance=distance, on_disk=True)
                client.create_collection(name, vectors_config=shape, on_disk_payload=True)
            self._ready.add(name)
        return name


def _numbers(rows: NDArray[Any], space: ModelSpace) -> NDArray[np.float32]:
    """Stored templates as the vectors they stand for."""
    return np.asarray(rows if space.scale is None else rows * np.float32(space.scale), dtype=np.float32)


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + _BATCH) for start in range(0, count, _BATCH))
