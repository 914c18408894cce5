"""Run by Alembic: applies revisions on the connection that `migrate` hands over, within its transaction."""

from alembic import context

from visavis.gallery.schema import metadata

given = context.config.attributes
context.configure(connection=given["connection"], target_metadata=metadata, version_table_schema=given["schema"])
context.run_migrations()
