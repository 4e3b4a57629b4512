"""Queries of the store, on behalf of somebody who may ask again."""

from collections.abc import Awaitable
from typing import TypeVar

import structlog

from application.errors import HistoryUnavailable, StorageFailed
from application.ports.journal import Journal
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.store import StoreFailed

Result = TypeVar("Result")

_log = structlog.stdlib.get_logger(__name__)


async def answered(question: Awaitable[Result]) -> Result:
    """Await a query of the store. Raises HistoryUnavailable."""
    try:
        return await question
    except (StoreFailed, Corrupt) as error:
        _log.error("the store did not answer", reason=str(error))
        raise HistoryUnavailable from None


async def caught_up(journal: Journal) -> None:
    """Wait until the store has everything, unless it fails."""
    try:
        await journal.committed()
    except StorageFailed:
        # What is stored can still be queried.
        return
