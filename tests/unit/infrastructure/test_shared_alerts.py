"""Alerts of a cluster in pages: those in memory are newer, those in the database are all."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from application.rules.ports.alerts import AlertFilter
from domain.rules.alert import Alert, AlertState
from domain.rules.rule import AlertSeverity
from infrastructure.rules.alert_tables import write_alerts
from infrastructure.rules.memory_alerts import MemoryAlerts
from infrastructure.rules.shared_alerts import SharedAlerts
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.storage.sqlite_store import SqliteStore

T0_US = 1_400_000_000_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "data", [])
    await made.open()
    yield made
    await made.close()


def alerts(count: int) -> list[Alert]:
    source = random.Random(3)
    return [
        Alert(
            id=f"{source.getrandbits(128):032x}",
            rule_id="r",
            rule_name="R",
            subject="prices",
            key=source.choice("AB"),
            severity=AlertSeverity.INFO,
            value=1.5,
            threshold=1.0,
            explanation="1.5 is above 1",
            raised_us=T0_US + number // 2,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("matching", [AlertFilter(), AlertFilter(state=AlertState.RAISED), AlertFilter(key="A")])
async def test_every_alert_is_listed_once_and_as_it_is_now(
    store: SqliteStore, matching: AlertFilter, newest_first: bool
) -> None:
    given = alerts(3000)
    # The database lacks the newest ones, and what became of some; memory has the newest half of all.
    await store.writing(lambda connection: write_alerts(connection, store.put, given[:2900]))
    now = [
        replace(each, state=AlertState.RESOLVED) if at % 7 == 0 and at > 1500 else each for at, each in enumerate(given)
    ]
    recent = MemoryAlerts(1500)
    recent.publish(now)
    shared = SharedAlerts(recent, SqlRules(store))
    found: list[Alert] = []
    after = None
    while True:
        page = await shared.page(matching, after, 170, newest_first)
        found += page.items
        after = page.next_after
        if after is None:
            break
        assert len(page.items) == 170
    expected = sorted(filter(matching.matches, now), key=lambda alert: alert.order, reverse=newest_first)
    assert [(each.id, each.state) for each in found] == [(each.id, each.state) for each in expected]
    assert (await shared.get(given[0].id)) == given[0]
    assert (await shared.get("0" * 32)) is None
