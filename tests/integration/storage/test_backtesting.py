"""A back-test of a stored log raises what live has raised, for every kind of rule, on every recording."""

import csv
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from domain.numbers import Number, read_number
from domain.prices.symbol_book import SymbolBook
from domain.prices.ticks import Ticks
from domain.rules.alert import Alert
from domain.rules.condition import AllOf, Deviation, Level, Move, Negation, Range, Rate, Stale
from domain.rules.rule import AlertSeverity, Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from infrastructure.prices.subject import prices_by
from infrastructure.processing.placement import partition_of
from infrastructure.rules.backtesting import Period, backtest
from infrastructure.storage.block_builder import BlockBuilder
from infrastructure.storage.records import Batch
from infrastructure.storage.sqlite_store import SqliteStore
from support.batches import RULES
from support.generated import write_recording

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOLDER = os.environ.get("MARKETDATA_RECORDINGS")
ALL_TIME = Period(-(1 << 62), 1 << 62)
PARTITIONS = 3


def rule(number: int, condition: Any, **more: Any) -> Rule:
    return Rule(f"r{number}", "R", "prices", ("*",), condition, AlertSeverity.INFO, **more)


GIVEN = (
    rule(0, Move(Decimal("0.05"), 60_000_000), cooldown_us=0),
    rule(1, Level(1.121, None), clear=Level(None, 1.12)),
    rule(2, Deviation(Decimal(2), 50, 10), cooldown_us=5_000_000),
    rule(3, Range(1.0, 100.0)),
    rule(4, Stale(30_000_000, None), cooldown_us=0),
    rule(5, Stale(None, Decimal(10)), cooldown_us=0),
    rule(6, Rate(Decimal("0.5"), None, 10), cooldown_us=0),
    rule(7, AllOf((Negation(Stale(5_000_000, None)), Move(Decimal("0.01"), 5_000_000)))),
)


def recordings() -> Iterator[Any]:
    yield pytest.param(None, id="generated")
    for path in sorted(Path(FOLDER).resolve().glob("*.csv")) if FOLDER else ():
        yield pytest.param(path, id=path.stem)


def ticks_of(path: Path) -> list[tuple[str, Number, int]]:
    with path.open(newline="") as stream:
        return [
            (
                row["symbol"],
                read_number(row["price"]),
                (datetime.fromisoformat(row["timestamp"]) - EPOCH) // timedelta(microseconds=1),
            )
            for row in csv.DictReader(stream)
        ]


class Live:
    """The books of a service, in a clock that is as late as the newest tick."""

    def __init__(self) -> None:
        self.now_us = 0
        self.alerts: dict[str, Alert] = {}
        rules = RuleIndex()
        for each in GIVEN:
            rules.add(each)
        self._books = [
            RuledBook(SymbolBook(RULES), rules, attrgetter("prices"), lambda: self.now_us) for _ in range(PARTITIONS)
        ]

    def apply(self, symbol: str, price: Number, time_us: int) -> None:
        self.now_us = max(self.now_us, time_us)
        book = self._books[partition_of(symbol, PARTITIONS)]
        self._keep(book.apply(Ticks([symbol], [price], [time_us])).updates)

    def end(self) -> None:
        for book in self._books:
            self._keep(book.advance(self.now_us))

    def look(self) -> None:
        """As the service does once a second, which changes nothing but when it is noticed."""
        self.end()

    def _keep(self, updates: list[Any]) -> None:
        self.alerts |= {each.id: each for each in updates if isinstance(each, Alert)}


@pytest.mark.parametrize("recording", list(recordings()))
async def test_a_back_test_of_the_log_raises_what_live_has_raised(recording: Path | None, tmp_path: Path) -> None:
    if recording is None:
        recording = tmp_path / "generated.csv"
        write_recording(recording)
    subject, source = prices_by(RULES), random.Random(1)
    live, blocks, given = Live(), BlockBuilder(subject), ticks_of(recording)
    at = 0
    while at < len(given):
        some = given[at : at + source.randint(1, 300)]
        at += len(some)
        for tick in some:
            live.apply(*tick)
        live.look()
        symbols, prices, times_us = (list(column) for column in zip(*some, strict=True))
        blocks.add(Ticks(symbols, prices, times_us))
    live.end()
    store = SqliteStore(tmp_path / "data", [subject])
    await store.open()
    try:
        batch = Batch(1, 0, 1, [], blocks.count)
        batch.blocks = blocks.take()
        await store.write(batch)
        raised = 0
        for each in GIVEN:
            result = await backtest(store, subject, each, ALL_TIME, lambda _: None)
            expected = {alert.id: alert for alert in live.alerts.values() if alert.rule_id == each.id}
            assert (result.total, result.observations) == (len(expected), len(given))
            assert all(expected[alert.id] == alert for alert in result.alerts.values())
            raised += result.total
        assert raised > 50
    finally:
        await store.close()
