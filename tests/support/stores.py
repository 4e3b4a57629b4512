"""What tests ask of stores of any kind."""

from domain.prices.ticks import Ticks
from infrastructure.prices.price_store import PriceStore, SqlPriceStore
from infrastructure.storage.records import Block
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.store import Store
from support.memory_store import MemoryStore


def prices_in(store: Store) -> PriceStore:
    """Where the candles and anomalies of a store are asked for."""
    if isinstance(store, MemoryStore):
        return store
    assert isinstance(store, SqlDatabase)
    return SqlPriceStore(store)


def ticks_in(block: Block) -> Ticks:
    assert isinstance(block.columns, Ticks)
    return block.columns
