"""The tables of a gallery, the same on SQLite and PostgreSQL. Changes come as Alembic migrations, never here alone.

Times are UTC in ISO 8601 as text: exact, sortable, and the same bytes in every database. Nothing is ordered by time,
because clocks go backwards; numbers that only rise give the order.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only under INTEGER
Name = Text().with_variant(Text(collation="C"), "postgresql")  # one order everywhere, and no locale merges two names

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)
"""One row each: `gallery` (id, created), `version` (rises with every change), `horizon` (changes up to this version are
no longer listed), `keys` (next free numbers), `audit` (head of the log), `vault` (wrapped data keys, if encrypted)."""

model = Table(
    "model",
    metadata,
    Column("key", Key, primary_key=True),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("dimension", Integer, nullable=False),
    Column("metric", String(16), nullable=False),
    Column("precision", String(16), nullable=False),
    Column("scale", Float(53)),
    Column("active", Boolean, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("name", Name, nullable=False, unique=True),
    Column("created", String(32), nullable=False),
    Column("consent", Text),
    Column("retain_until", String(10)),
)

reference = Table(
    "reference",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("person", ForeignKey("person.key"), nullable=False),
    Column("source", Text, nullable=False),
    Column("photo", String(64), nullable=False),
    Column("box", JSON),
    Column("quality", JSON),
    Column("summary", Float(53)),
    Column("digest", String(64), nullable=False),
    Column("created", String(32), nullable=False),
    Column("consent", Text),
    Column("retain_until", String(10)),
    Index(None, "person", "key"),
    Index(None, "photo"),
)
"""`digest`: of what was enrolled under this id, to tell a repetition from a contradiction. Keys come from the setting
`keys` and are never used twice, so that a search tier never takes a new reference for one that is gone."""

template = Table(
    "template",
    metadata,
    Column("model", ForeignKey("model.key"), primary_key=True),
    Column("reference", ForeignKey("reference.key", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary),
    Index(None, "reference"),
)
"""`data`: float32 or int8 bytes, or their ciphertext. On PostgreSQL float32 templates that are not encrypted live in
a further column `vector` (pgvector) instead, and a Qdrant gallery keeps only the row here."""

crop = Table(
    "crop",
    metadata,
    Column("reference", ForeignKey("reference.key", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("points", JSON, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("sequence", Key, primary_key=True),
    Column("version", BigInteger, nullable=False, index=True),
    Column("reference", BigInteger, nullable=False),
)
"""Which references changed with which version: what a search tier reads to catch up. Old rows are dropped."""

operation = Table(
    "operation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("people", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    Column("undone_by", BigInteger),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Key, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("model", Text),
    Column("details", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Append-only: triggers refuse updates and deletions."""

apart = Table(
    "apart",
    metadata,
    Column("first", ForeignKey("person.key", ondelete="CASCADE"), primary_key=True),
    Column("second", ForeignKey("person.key", ondelete="CASCADE"), primary_key=True),
    Column("reason", Text, nullable=False),
)
"""Cannot-link: two people whom somebody declared to be two (twins), first < second."""

threshold = Table(
    "threshold",
    metadata,
    Column("model", ForeignKey("model.key", ondelete="CASCADE"), primary_key=True),
    Column("fpir", Float(53), primary_key=True),
    Column("value", JSON, nullable=False),
)

erasure = Table(
    "erasure",
    metadata,
    Column("reference", BigInteger, primary_key=True),
    Column("models", JSON, nullable=False),
)
"""References that are gone from here and still to be erased from a template store outside this database."""

job = Table(
    "job",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("state", JSON, nullable=False),
)
"""Long work that can be resumed (upgrade, rekey)."""
