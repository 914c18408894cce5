"""What databases complain about, as errors of ours: no driver's exception leaves the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, PendingRollbackError, ResourceClosedError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from visavis.errors import (
    GalleryBusy,
    GalleryConflict,
    GalleryCorrupt,
    GalleryNotFound,
    GalleryReadOnly,
    GalleryUnavailable,
    InvalidInput,
    SchemaMismatch,
    StorageError,
    VisavisError,
    WrongKey,
)

_RESTORE = "restore it from a copy, then run `visavis gallery verify`"
_ODD = "its rows are not what they should be; run `visavis gallery verify`, and restore it from a copy if that agrees"
_PLAIN = (type(None), str, bytes, int, float, list, dict)
_Made = tuple[type[VisavisError], str]
_GONE: _Made = (GalleryNotFound, "its tables are gone; if nobody moved or removed it, restore it from a copy")

_SQLITE: dict[str, _Made] = {
    "SQLITE_BUSY": (GalleryBusy, "another writer holds it; try again when that one is done"),
    "SQLITE_LOCKED": (GalleryBusy, "another writer holds it; try again when that one is done"),
    "SQLITE_FULL": (StorageError, "the disk is full, and nothing of this change was written; free some space"),
    "SQLITE_READONLY": (GalleryReadOnly, "it cannot be written to; check the permissions of its folder and disk"),
    "SQLITE_CANTOPEN": (GalleryUnavailable, "its file cannot be opened; check the folder and its permissions"),
    "SQLITE_PERM": (GalleryUnavailable, "its file may not be opened; check the folder and its permissions"),
    "SQLITE_IOERR": (GalleryUnavailable, "its disk failed to read or write, and nothing of this change was written"),
    "SQLITE_CORRUPT": (GalleryCorrupt, f"its file is damaged; {_RESTORE}"),
    "SQLITE_NOTADB": (GalleryCorrupt, f"its file is no SQLite database, or a damaged one; {_RESTORE}"),
    "SQLITE_CONSTRAINT": (GalleryConflict, "the change contradicts what the gallery holds"),
    "SQLITE_TOOBIG": (InvalidInput, "a value is larger than a database holds, and nothing of this change was written"),
    "SQLITE_ERROR": (GalleryCorrupt, f"its tables are not what they should be; {_RESTORE}"),
}
_POSTGRES: dict[str, _Made] = {
    "08": (GalleryUnavailable, "the connection broke; whether the last change was written is not known: repeat it"),
    "57": (GalleryUnavailable, "the server stopped the work; whether the last change was written is not known: repeat"),
    "28": (GalleryUnavailable, "the server refused the login; check user and password"),
    "3D": (GalleryUnavailable, "there is no such database; create it first"),
    "53100": (StorageError, "the server's disk is full, and nothing of this change was written; free some space"),
    "53": (GalleryUnavailable, "the server has no room for this; try again later"),
    "55P03": (GalleryBusy, "another writer holds it; try again when that one is done"),
    "57014": (GalleryBusy, "the server took too long; try again"),
    "40": (GalleryBusy, "another change came in between; try again"),
    "25006": (GalleryReadOnly, "it cannot be written to here"),
    "42501": (GalleryReadOnly, "the user may not do this; ask for the right, or open it with read_only"),
    "22": (InvalidInput, "a value is none that the database can hold, and nothing of this change was written"),
    "58": (GalleryUnavailable, "the server cannot reach its files; look at its log"),
    "XX001": (GalleryCorrupt, f"its tables are damaged; {_RESTORE}"),
    "XX002": (GalleryCorrupt, f"its tables are damaged; {_RESTORE}"),
    "42P01": _GONE,
    "42": (SchemaMismatch, "its tables are not those of this visavis; check the schema's name, or upgrade visavis"),
    "23": (GalleryConflict, "the change contradicts what the gallery holds"),
}
_WITHOUT_CODE: dict[str, _Made] = {  # by class of the driver
    "OperationalError": (
        GalleryUnavailable,
        "the database does not answer, or went away; check that it runs, and try again",
    ),
    "DataError": _POSTGRES["22"],
    "PendingRollbackError": _POSTGRES["08"],
    "ResourceClosedError": _POSTGRES["08"],
}
_AFTER = (PendingRollbackError, ResourceClosedError)  # a connection that was lost a moment ago


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Raise what a database complains of in the block as a `VisavisError` about the gallery `shown`."""
    try:
        yield
    except (GalleryCorrupt, WrongKey) as error:  # raised where nobody knows the gallery's place
        if str(error).startswith(shown) or isinstance(error.__cause__, type(error)):
            raise  # its place is known: this one, or another gallery's
        raise type(error)(f"{shown}: {error}") from error
    except PoolTimeout as error:
        raise GalleryBusy(f"{shown}: too many searches and changes at once in this process; try again") from error
    except DBAPIError as error:
        raise _ours(shown, error.orig or error) from error
    except StatementError as error:
        if isinstance(error.orig, VisavisError):
            raise error.orig from error
        raise InvalidInput(f"{shown}: a value cannot be stored ({error.orig}); nothing was changed") from error
    except (UnicodeEncodeError, OverflowError) as error:  # raised by drivers
        raise InvalidInput(f"{shown}: a value cannot be stored or looked for ({error}); nothing was changed") from error
    except VisavisError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        if not _raised_here(error):
            raise
        raise GalleryCorrupt(f"{shown}: {_ODD} ({type(error).__name__}: {error})") from error
    except Exception as error:  # rows read past SQLAlchemy bring the driver's own errors
        if not isinstance(error, (sqlite3.Error, *_AFTER)) and not type(error).__module__.startswith("psycopg"):
            raise
        raise _ours(shown, error) from error


def _raised_here(error: BaseException) -> bool:
    """Whether it was raised on reading rows: not by somebody who was called back meanwhile, nor by a slip of ours."""
    if isinstance(error, AttributeError) and not isinstance(error.obj, _PLAIN):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))
    return name.startswith(("visavis.", "sqlalchemy.", "numpy"))


def _ours(shown: str, error: BaseException) -> VisavisError:
    kind, words = _explained(error)
    return kind(f"{shown}: {words} ({_first_line(error)})")


def _explained(error: BaseException) -> _Made:
    for table, code in ((_SQLITE, "sqlite_errorname"), (_POSTGRES, "sqlstate")):
        if found := _longest(table, getattr(error, code, None) or ""):
            return _GONE if str(error).startswith("no such table") else found
    return _WITHOUT_CODE.get(type(error).__name__, (GalleryUnavailable, "its database failed"))


def _longest(table: dict[str, _Made], code: str) -> _Made | None:
    """The entry whose name is the longest start of the code."""
    return next((table[code[:size]] for size in range(len(code), 0, -1) if code[:size] in table), None)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
