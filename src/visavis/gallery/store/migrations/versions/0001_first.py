"""The first tables of galleries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_PRIVATE = {
    "person": ("name", "consent"),
    "reference": ("source", "photo", "digest", "box", "quality", "consent"),
    "template": ("data", "vector"),
    "crop": ("data", "points"),
    "operation": ("details",),
    "apart": ("reason",),
}


def upgrade() -> None:
    """Make them."""
    _settings()
    _people()
    _templates()
    _history()
    _upkeep()
    _guard_audit()
    _no_samples()


def downgrade() -> None:
    """There is nothing before them."""
    raise NotImplementedError


def _settings() -> None:
    op.create_table(
        "setting", sa.Column("name", sa.String(64), nullable=False), sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )  # fmt: skip
    op.create_table(
        "model",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("metric", sa.String(16), nullable=False),
        sa.Column("precision", sa.String(16), nullable=False),
        sa.Column("scale", sa.Float(53)),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_model"),
        sa.UniqueConstraint("fingerprint", name="uq_model_fingerprint"),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("consent", sa.Text),
        sa.Column("retain_until", sa.String(10)),
        sa.PrimaryKeyConstraint("key", name="pk_person"),
        sa.UniqueConstraint("id", name="uq_person_id"),
        sa.UniqueConstraint("name", name="uq_person_name"),
    )
    op.create_table(
        "reference",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person", _KEY, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("photo", sa.String(64), nullable=False),
        sa.Column("box", sa.JSON),
        sa.Column("quality", sa.JSON),
        sa.Column("summary", sa.Float(53)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("consent", sa.Text),
        sa.Column("retain_until", sa.String(10)),
        sa.PrimaryKeyConstraint("key", name="pk_reference"),
        sa.UniqueConstraint("id", name="uq_reference_id"),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name="fk_reference_person"),
    )
    op.create_index("ix_reference_person_key", "reference", ["person", "key"])
    op.create_index("ix_reference_photo", "reference", ["photo"])
    op.create_table(
        "apart",
        sa.Column("first", _KEY, nullable=False),
        sa.Column("second", _KEY, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("first", "second", name="pk_apart"),
        sa.ForeignKeyConstraint(["first"], ["person.key"], name="fk_apart_first", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second"], ["person.key"], name="fk_apart_second", ondelete="CASCADE"),
    )


def _templates() -> None:
    op.create_table(
        "template",
        sa.Column("reference", _KEY, nullable=False),
        sa.Column("model", _KEY, nullable=False),
        sa.Column("data", sa.LargeBinary),
        sa.PrimaryKeyConstraint("model", "reference", name="pk_template"),
        sa.ForeignKeyConstraint(["model"], ["model.key"], name="fk_template_model"),
        sa.ForeignKeyConstraint(["reference"], ["reference.key"], name="fk_template_reference", ondelete="CASCADE"),
    )
    op.create_index("ix_template_reference", "template", ["reference"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE template ADD COLUMN vector vector")
    op.create_table(
        "crop",
        sa.Column("reference", _KEY, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_crop"),
        sa.ForeignKeyConstraint(["reference"], ["reference.key"], name="fk_crop_reference", ondelete="CASCADE"),
    )


def _history() -> None:
    op.create_table(
        "change",
        sa.Column("sequence", _KEY, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_change"),
    )
    op.create_index("ix_change_version", "change", ["version"])
    op.create_table(
        "operation",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("undone_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_operation"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        sa.Column("sequence", _KEY, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subjects", sa.JSON, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )


def _upkeep() -> None:
    op.create_table(
        "threshold",
        sa.Column("model", _KEY, nullable=False),
        sa.Column("fpir", sa.Float(53), nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("model", "fpir", name="pk_threshold"),
        sa.ForeignKeyConstraint(["model"], ["model.key"], name="fk_threshold_model", ondelete="CASCADE"),
    )
    op.create_table(
        "erasure",
        sa.Column("reference", sa.BigInteger, nullable=False),
        sa.Column("models", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_erasure"),
    )
    op.create_table(
        "job", sa.Column("name", sa.String(64), nullable=False), sa.Column("state", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_job"),
    )  # fmt: skip


def _guard_audit() -> None:
    """Entries of the audit log are never changed and never leave."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    taken = "WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)"  # REPLACE deletes without the trigger
    for event, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", taken)):
        op.execute(
            f"CREATE TRIGGER audit_append_only_{event.lower()} BEFORE {event} ON audit {when} "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def _no_samples() -> None:
    """PostgreSQL's statistics would keep samples of these columns, also of people who are forgotten."""
    if op.get_context().dialect.name == "postgresql":
        for table, columns in _PRIVATE.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
