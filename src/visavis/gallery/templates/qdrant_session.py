"""Talking to Qdrant: a server, or the client's local mode for trials; every failure becomes one of our errors."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from visavis.errors import GalleryBusy, GalleryCorrupt, GalleryUnavailable, MissingExtra, VisavisError

API_KEY = "VISAVIS_QDRANT_API_KEY"
_PATIENCE = 30  # seconds: for an answer of the server, and for another process to leave the local folder


class Session:
    """Clients of one Qdrant address; safe for several threads.

    A server is spoken to through one client. The local mode admits one client per folder, so there each piece of work
    opens its own under a file lock, and several galleries and processes take turns: fit for trials of a few thousand
    templates, not for more.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.local = "://" not in address
        self._client: Any = None
        self._mutex = threading.RLock()

    @contextmanager
    def work(self) -> Iterator[Any]:
        """A client, for one piece of work.

        Raises:
            GalleryUnavailable: the server does not answer, or refuses.
            GalleryBusy: another process keeps the local folder.
            GalleryCorrupt: the collection is gone.
            MissingExtra: the library `qdrant-client` is absent.
        """
        try:
            from qdrant_client.http.exceptions import ApiException, UnexpectedResponse
        except ImportError as error:
            raise MissingExtra('galleries in Qdrant need its client: pip install "visavis[qdrant]"') from error
        try:
            if self.local:
                with self._mutex, self._alone(), _closing(self._open()) as client:
                    yield client
            else:
                yield self._shared()
        except VisavisError:
            raise
        except UnexpectedResponse as error:
            if error.status_code == 404:
                raise self._gone() from error
            reason = f"answers {error.status_code} {error.reason_phrase}"
            raise GalleryUnavailable(f"Qdrant at {self.address}: {reason}; {_LOOK}") from error
        except (ApiException, OSError) as error:
            raise GalleryUnavailable(f"Qdrant at {self.address}: does not answer ({error}); {_LOOK}") from error
        except RuntimeError as error:
            if "already accessed" not in str(error):
                raise
            raise GalleryBusy(f"Qdrant folder {self.address}: another program uses it; {_TURNS}") from error
        except ValueError as error:
            if "not found" not in str(error):
                raise
            raise self._gone() from error

    def close(self) -> None:
        """Hang up."""
        with self._mutex:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _shared(self) -> Any:
        with self._mutex:
            if self._client is None:
                self._client = self._open()
            return self._client

    def _open(self) -> Any:
        from qdrant_client import QdrantClient

        if self.local:
            return QdrantClient(path=self.address)
        key = os.environ.get(API_KEY)
        return QdrantClient(url=self.address, api_key=key, timeout=_PATIENCE, check_compatibility=False)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        folder = Path(self.address)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with FileLock(folder / ".visavis.lock", timeout=_PATIENCE):
                yield
        except Timeout as error:
            raise GalleryBusy(f"Qdrant folder {self.address}: another process keeps it; {_TURNS}") from error

    def _gone(self) -> GalleryCorrupt:
        return GalleryCorrupt(f"Qdrant at {self.address}: the gallery's templates are not there; restore its snapshot")


_LOOK = "check that it runs, its address and its key, and try again"
_TURNS = "wait for it, or use a Qdrant server, which many may use at once"


@contextmanager
def _closing(client: Any) -> Iterator[Any]:
    try:
        yield client
    finally:
        client.close()
