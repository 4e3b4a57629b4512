"""Migrates the schema of a store, and reports its status."""

import logging
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from infrastructure.storage.schema import METADATA
from infrastructure.storage.store import StoreRefused

_FOLDER = Path(__file__).with_name("migrations")
# Alembic logs every step at level info; the service logs migrations itself.
logging.getLogger("alembic").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """current: the revision of the store, None if it is empty. newest: the revision of this version."""

    current: str | None
    newest: str


def status(connection: sa.Connection) -> SchemaStatus:
    newest = _scripts().get_current_head()
    assert newest is not None, "there are migrations"
    return SchemaStatus(MigrationContext.configure(connection).get_current_revision(), newest)


def upgrade(connection: sa.Connection) -> SchemaStatus:
    """Migrate an older store. Return the status before.

    Raises:
        StoreRefused: it is newer than this version of marketdata.
    """
    before = status(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if before.current is not None and before.current not in known:
        raise StoreRefused(
            f"the store has schema {before.current}, and this version of marketdata knows none newer than "
            f"{before.newest}: it was written by a newer version"
        )
    if before.current != before.newest:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before


def differences(connection: sa.Connection) -> list[str]:
    """Return how the tables differ from what they should be."""
    return [str(each) for each in compare_metadata(MigrationContext.configure(connection), METADATA)]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
