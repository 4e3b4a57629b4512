"""How far ticks must have come before their sender is answered."""

from enum import Enum

from application.errors import StorageFailed
from application.ports.journal import Journal
from application.ports.market_data_processor import MarketDataProcessor, Submitted
from domain.ticks import Ticks


class Durability(Enum):
    """MEMORY: they are accepted. PROCESSED: they are processed, and so on their way to disk. DISK: they are on disk."""

    MEMORY = "memory"
    PROCESSED = "processed"
    DISK = "disk"


async def submit(
    processor: MarketDataProcessor, journal: Journal, ticks: Ticks, durability: Durability, patient: bool = False
) -> Submitted:
    """Submit ticks and wait until they have come as far as they must.

    Raises:
        StorageFailed: they are not on disk and should be.
        QueueFull, Draining, QueueOverflowed: see `MarketDataProcessor.submit`.
    """
    if durability is Durability.MEMORY:
        return await processor.submit(ticks, patient)
    if durability is Durability.DISK and journal.failure is not None:
        processor.reject(len(ticks))
        raise StorageFailed(journal.failure, taken=False)
    submitted = await processor.submit(ticks, patient, until_processed=True)
    if durability is Durability.DISK:
        await journal.committed()
    return submitted
