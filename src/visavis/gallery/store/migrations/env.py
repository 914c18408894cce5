"""Run by Alembic: applies revisions on the connection that `migrate` hands over, within its transaction."""

from alembic import context

from visavis.gallery.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
