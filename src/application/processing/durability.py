"""How far observations must have progressed before their sender gets a response."""

from enum import Enum

from application.errors import StorageFailed
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor, Submitted
from domain.columns import Columns


class Durability(Enum):
    """MEMORY: accepted. PROCESSED: applied. LOGGED: recorded, on the way to disk. DISK: on disk."""

    MEMORY = "memory"
    PROCESSED = "processed"
    LOGGED = "logged"
    DISK = "disk"


async def submit(
    processor: Processor,
    journal: Journal,
    columns: Columns,
    durability: Durability,
    patience: Patience,
    sender: str = "",
) -> Submitted:
    """Submit observations and wait until they have reached `durability`.

    Raises:
        StorageFailed: the storage fails, or has failed for too long to log all of them.
        QueueFull, Draining, QueueOverflowed: see `Processor.submit`.
    """
    if durability is Durability.MEMORY:
        return await processor.submit(columns, patience, sender=sender)
    if durability is Durability.PROCESSED:
        return await processor.submit(columns, patience, until_processed=True, sender=sender)
    if journal.failure is not None:
        processor.reject(len(columns))
        raise StorageFailed(journal.failure, taken=False)
    lost = journal.lost
    submitted = await processor.submit(columns, patience, until_processed=True, sender=sender)
    if journal.lost > lost or (submitted.duplicates and not journal.is_complete):
        raise StorageFailed("it failed for too long, and some are not in the log", taken=True)
    if durability is Durability.DISK:
        await journal.committed()
    return submitted
