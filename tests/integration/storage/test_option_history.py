"""Summaries of chains and positions in them, stored and pruned, in both databases."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from domain.options.option_book import OptionBook
from domain.options.option_model import OptionModel
from domain.options.option_quotes import OptionQuotes
from domain.options.summary_interval import SummaryInterval
from infrastructure.options.option_retention import OptionRetention
from infrastructure.options.option_tables import OptionTables
from infrastructure.options.position_history import StoredPositions
from infrastructure.options.recent_summaries import RecentSummaries
from infrastructure.options.stored_summaries import StoredSummaries
from infrastructure.settings import RetentionSettings
from infrastructure.storage.postgres_store import PostgresStore
from infrastructure.storage.records import LoggedEvent
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.sqlite_store import SqliteStore
from support.fakes import FakeClock
from support.option_chains import EXPIRY, T0_US, quote
from support.postgres import Postgres

HOUR_US = 3_600_000_000
START_US = T0_US // HOUR_US * HOUR_US
HOURS = 10
M1, H1 = SummaryInterval.M1, SummaryInterval.H1


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    made: SqlStore
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "data", [])
    else:
        server: Postgres = request.getfixturevalue("postgres")
        made = PostgresStore(server.database(f"options_{uuid4().hex}"), [])
    await made.open()
    yield made
    await made.close()


def write(store: SqlStore, events: list[LoggedEvent], connection: sa.Connection) -> None:
    OptionTables().write(connection, store.put, events, None, 0, 0)


async def filled(store: SqlStore) -> OptionBook:
    """A chain with a quote an hour, whose open interest is the number of the hour."""
    book = OptionBook(OptionModel(), 10)
    for hour in range(HOURS):
        each = quote(100, True, START_US + hour * HOUR_US, last=1.0, open_interest=float(hour))
        applied = book.apply(OptionQuotes([each]))
        await store.writing(partial(write, store, [LoggedEvent(event, 0, 0) for event in applied.events]))
    return book


async def hours(store: SqlStore, interval: SummaryInterval) -> list[float]:
    history = StoredSummaries(RecentSummaries(10), store)
    found = await history.summaries("NIFTY", EXPIRY, interval, 0, START_US * 2, 100)
    return [float(each.summary.total_call_oi) for each in found]


async def hour_before(store: SqlStore, moment_us: int) -> float | None:
    found = await StoredPositions(store).positions("NIFTY", EXPIRY, moment_us)
    return None if found is None else float(found.contracts[100.0, True].open_interest or 0)


async def test_history_and_positions_are_read_as_they_were_written(store: SqlStore) -> None:
    await filled(store)
    assert await hours(store, M1) == await hours(store, H1) == list(range(HOURS - 1))
    assert await hours(store, SummaryInterval.D1) == []
    assert await hour_before(store, START_US + 59_999_999) is None
    assert await hour_before(store, START_US + 60_000_000) == 0
    assert await hour_before(store, START_US + 3 * HOUR_US) == 2


async def test_each_interval_is_pruned_by_its_own_age_and_number(store: SqlStore) -> None:
    book = await filled(store)
    # Two and a half hours before the newest quote, and four for hours.
    settings = RetentionSettings(
        candles_1m_days=2.5 / 24, candles_1h_days=4 / 24, option_positions_days=2.5 / 24, option_summaries_max=3
    )
    await OptionRetention(store, [book], FakeClock(), settings.model_copy(update={"option_summaries_max": 100})).prune()
    assert (await hours(store, M1), await hours(store, H1)) == ([7, 8], [5, 6, 7, 8])
    assert await hour_before(store, START_US + 7 * HOUR_US) is None
    await OptionRetention(store, [book], FakeClock(), settings).prune()
    assert (await hours(store, M1), await hours(store, H1)) == ([7, 8], [6, 7, 8])
    assert await hour_before(store, START_US + 8 * HOUR_US) == 7


async def test_a_product_is_forgotten_in_all_tables(store: SqlStore) -> None:
    await filled(store)
    await store.writing(lambda connection: OptionTables().forget_key(connection, "NIFTY"))
    assert (await hours(store, H1), await hour_before(store, START_US * 2)) == ([], None)
