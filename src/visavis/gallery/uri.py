"""Where a gallery lives: a folder, a PostgreSQL database, or Qdrant beside one of those."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, quote, urlencode, urlsplit

from visavis.errors import InvalidInput

Kind = Literal["sqlite", "postgresql"]
DATABASE = "gallery.sqlite"
_SCHEMES = "a folder, sqlite:FOLDER, postgresql://USER@HOST/DATABASE[?schema=NAME], or qdrant+ before one of these"


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed gallery URI.

    Attributes:
        kind: which database keeps the records.
        folder: of an embedded gallery.
        url: for the database driver; None for an embedded gallery.
        schema: PostgreSQL schema that holds the tables, so that one database can hold several galleries.
        qdrant: address of the Qdrant server (http://...) or folder of its local mode, when templates live there.
        shown: the URI without a password, for messages.
    """

    kind: Kind
    folder: Path | None
    url: str | None = field(repr=False)
    schema: str
    qdrant: str | None
    shown: str

    @property
    def file(self) -> Path:
        """The SQLite file of an embedded gallery."""
        if self.folder is None:
            raise InvalidInput(f"{self.shown}: is no embedded gallery")
        return self.folder / DATABASE


def parse_uri(uri: str | os.PathLike[str]) -> Location:
    """Read a gallery URI.

    `photos.gallery` and `sqlite:photos.gallery` name a folder; `postgresql://me@host/db?schema=staff` a database;
    `qdrant+postgresql://me@host/db?qdrant=http://host:6333` keeps templates in Qdrant and everything else in the
    database named (`qdrant=FOLDER` uses the client's local mode, for trials).

    Raises:
        InvalidInput: an unknown scheme, or a part that is missing.
    """
    text = os.fspath(uri) if isinstance(uri, str | os.PathLike) else ""
    if not text or "\0" in text:
        raise InvalidInput(f"gallery {uri!r}: expected {_SCHEMES}")
    wants_qdrant = text.startswith("qdrant+")
    body = text.removeprefix("qdrant+")
    scheme = body.partition(":")[0] if ":" in body else ""
    if scheme in ("postgresql", "postgres"):
        return _postgres(body, wants_qdrant)
    if "://" in body and scheme != "sqlite":
        raise InvalidInput(f"gallery {masked(text)!r}: expected {_SCHEMES}")
    path, _, address = body.removeprefix("sqlite:").removeprefix("//").partition("?qdrant=")
    if not path:
        raise InvalidInput(f"gallery {masked(text)!r}: names no folder; write for instance sqlite:people.gallery")
    try:
        folder = Path(path).expanduser()
    except RuntimeError as error:
        raise InvalidInput(f"gallery {masked(text)!r}: {error} Write the folder in full") from error
    return Location("sqlite", folder, None, "", _qdrant(address, wants_qdrant, masked(text)), masked(text))


def masked(text: str) -> str:
    """A URI without what could be a password, also where it is none that can be read."""
    return re.sub(r"(?s)(//[^:/?#@]*):.*@", r"\1@", re.sub(r"password=[^&]*&?", "", text))


def _postgres(body: str, wants_qdrant: bool) -> Location:
    try:
        parts = urlsplit(body)
        _ = parts.port  # is read only now
    except ValueError:  # whose text may show the password
        raise InvalidInput(
            f"gallery {masked(body)!r}: is no address; expected {_SCHEMES}, and in a password %40 for @, %2F for /"
        ) from None
    options = parse_qs(parts.query)
    schema = options.pop("schema", ["visavis"])[0]
    if not schema.replace("_", "a").isalnum() or not schema.isascii() or schema[0].isdigit():
        raise InvalidInput(f"gallery schema {schema!r}: use letters, digits and _ only, not starting with a digit")
    qdrant = _qdrant(options.pop("qdrant", [""])[0], wants_qdrant, _without_password(parts))
    query = f"?{urlencode(options, doseq=True, quote_via=quote)}" if options else ""
    url = f"postgresql+psycopg://{parts.netloc}{parts.path}{query}"
    return Location("postgresql", None, url, schema, qdrant, "qdrant+" * wants_qdrant + _without_password(parts))


def _without_password(parts: SplitResult) -> str:
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{host}" if user else host
    options = {name: value for name, value in parse_qs(parts.query).items() if name != "password"}
    if "qdrant" in options:
        options["qdrant"] = [masked(address) for address in options["qdrant"]]
    query = f"?{urlencode(options, doseq=True, safe='/:')}" if options else ""
    return f"postgresql://{netloc}{parts.path}{query}"


def _qdrant(address: str, wanted: bool, text: str) -> str | None:
    if wanted and not address:
        raise InvalidInput(f"gallery {text!r}: qdrant+ needs ?qdrant=http://HOST:6333 (or a folder for its local mode)")
    if address and not wanted:
        raise InvalidInput(f"gallery {text!r}: ?qdrant= needs qdrant+ at the front")
    return address or None
