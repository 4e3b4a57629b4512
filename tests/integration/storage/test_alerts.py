"""Alerts in a store are found like those in memory, and pruned by age and number, open ones never."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from application.rules.ports.alerts import AlertFilter
from domain.rules.alert import Alert, AlertState
from domain.rules.rule import AlertSeverity
from infrastructure.rules.alert_retention import AlertRetention
from infrastructure.rules.alert_tables import write_alerts
from infrastructure.rules.memory_alerts import MemoryAlerts
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.settings import RetentionSettings
from infrastructure.storage.postgres_store import PostgresStore
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.sqlite_store import SqliteStore
from support.fakes import FakeClock
from support.postgres import Postgres

T0_US = 1_400_000_000_000_000
DAY_US = 86_400_000_000
FILTERS = (
    AlertFilter(),
    AlertFilter(state=AlertState.RAISED),
    AlertFilter(severity=AlertSeverity.CRITICAL, subject="prices"),
    AlertFilter(key="B"),
    AlertFilter(rule_id="r1", from_us=T0_US + 5, to_us=T0_US + 15),
    AlertFilter(prefixes=("A", "C")),
    AlertFilter(key="A", prefixes=("B",)),
)


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    made: SqlStore
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "data", [])
    else:
        server: Postgres = request.getfixturevalue("postgres")
        made = PostgresStore(server.database(f"alerts_{uuid4().hex}"), [])
    await made.open()
    yield made
    await made.close()


def alerts() -> list[Alert]:
    source = random.Random(1)
    return [
        Alert(
            id=f"{source.getrandbits(128):032x}",
            rule_id=f"r{number % 3}",
            rule_name="R",
            subject=source.choice(("prices", "counters")),
            key=source.choice(("A", "B", "C", "AB")),
            severity=source.choice(list(AlertSeverity)),
            value=1.5,
            threshold=1.0,
            explanation="1.5 is above 1",
            # Some at one moment.
            raised_us=T0_US + number // 2,
            state=source.choice(list(AlertState)),
        )
        for number in range(40)
    ]


async def write(store: SqlStore, *given: Alert) -> None:
    await store.writing(lambda connection: write_alerts(connection, store.put, given))


async def test_a_store_and_memory_answer_the_same_in_pages_both_ways(store: SqlStore) -> None:
    given, memory, stored = alerts(), MemoryAlerts(1000), SqlRules(store)
    await write(store, *given)
    memory.publish(given)
    for matching in FILTERS:
        for newest_first in (True, False):
            after, found = None, list[Alert]()
            while page := await stored.page(matching, after, 7, newest_first):
                found += page
                after = page[-1].order
            expected = await memory.page(matching, None, 1000, newest_first)
            assert [each.id for each in found] == [each.id for each in expected.items]


async def test_old_and_excess_alerts_are_pruned_and_open_ones_stay(store: SqlStore) -> None:
    given = [replace(each, raised_us=T0_US + at * DAY_US) for at, each in enumerate(alerts())]
    await write(store, *given)
    stored = SqlRules(store)
    settings = RetentionSettings(alerts_days=10.5)
    await AlertRetention(stored, FakeClock(), settings).prune()
    # Ten days before the newest of their key, however long ago that was.
    newest_us: dict[tuple[str, str], int] = {}
    for each in given:
        newest_us[each.subject, each.key] = each.raised_us
    aged_us = int(10.5 * DAY_US)
    kept = {each.id for each in given if each.is_open or each.raised_us >= newest_us[each.subject, each.key] - aged_us}
    assert len(kept) < len(given)
    assert {each.id for each in await stored.page(AlertFilter(), None, 100, True)} == kept
    await AlertRetention(stored, FakeClock(), RetentionSettings(alerts_days=0, alerts_max=3)).prune()
    newest = sorted((each for each in given if each.id in kept), key=lambda each: -each.raised_us)[:4]
    kept = {each.id for each in given if each.id in kept and (each.is_open or each in newest)}
    assert {each.id for each in await stored.page(AlertFilter(), None, 100, True)} == kept


async def test_the_tables_are_what_the_migrations_make(store: SqlStore) -> None:
    assert await store.differences() == []
    await write(store, *alerts()[:3])
    assert (await store.sizes())["blocks"] == 0
