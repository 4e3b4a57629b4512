"""How the schema came to be, step by step. Run by Alembic, see `infrastructure.storage.migration`."""
