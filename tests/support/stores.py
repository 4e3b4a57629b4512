"""Helpers for tests of any kind of store."""

from domain.prices.ticks import Ticks
from infrastructure.prices.price_store import PriceStore, SqlPriceStore
from infrastructure.storage.records import Block
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.store import Store
from support.memory_store import MemoryStore


def prices_in(store: Store) -> PriceStore:
    """The `PriceStore` with the candles and anomalies of a store."""
    if isinstance(store, MemoryStore):
        return store
    assert isinstance(store, SqlDatabase)
    return SqlPriceStore(store)


def ticks_in(block: Block) -> Ticks:
    assert isinstance(block.columns, Ticks)
    return block.columns
