"""Alembic runs this. Whoever calls it hands over a connection that is in a transaction."""

from alembic import context

from infrastructure.storage.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
