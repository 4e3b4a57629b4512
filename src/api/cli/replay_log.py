"""The observations of the log of a store, as `marketdata replay --subject` sends them again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click

from api.cli.loading import load_or_exit
from api.subjects.registry import subjects_of
from api.views.view import encode
from domain.prices.price_update import PriceUpdate
from domain.readings.reading import Reading
from domain.readings.sensor_key import names_of
from domain.trades.trade import Trade
from infrastructure.feeds.recorded_tick import TICKS, TRADES, RecordedBatch, RecordedTick
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.recovery import without_forgotten
from infrastructure.storage.store import Store, StoreFailed, StoreRefused
from infrastructure.storage.stores import store_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Logged(NamedTuple):
    """A subject whose log can be sent. path: to send it to. fields: of one observation, by their names on the wire."""

    path: str
    fields: Callable[[Any], dict[str, Any]]


def _tick(tick: PriceUpdate) -> dict[str, Any]:
    return {"symbol": tick.symbol, "price": tick.price, "volume": tick.volume, "id": tick.id}


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "symbol": trade.symbol,
        "side": trade.side.value,
        "quantity": trade.quantity,
        "price": trade.price,
        "venue": trade.venue,
        "id": trade.id,
    }


def _reading(reading: Reading) -> dict[str, Any]:
    machine, sensor = names_of(reading.key)
    return {
        "machineId": machine,
        "sensorType": sensor,
        "value": reading.value,
        "unit": reading.unit,
        "quality": reading.quality.value,
        "id": reading.id,
    }


SUBJECTS: Mapping[str, Logged] = {
    "prices": Logged(TICKS.path, _tick),
    "trades": Logged(TRADES.path, _trade),
    "readings": Logged("/api/readings/batch", _reading),
}


def logged_ticks(config: Path | None, subject: str, from_us: int, to_us: int) -> Iterator[RecordedTick]:
    """Yield what is logged of a subject with a time within [from, to), in order of arrival.

    The service that writes the log may be running. Raises click.ClickException.
    """
    settings = load_or_exit(config).settings
    store = store_of(settings.store, subjects_of(settings), read_only=True)
    with asyncio.Runner() as runner:
        try:
            runner.run(store.open())
            found = _observations(store, subject, from_us, to_us)
            yield from _pulled(runner, found, SUBJECTS[subject])
        except (StoreRefused, StoreFailed, Corrupt) as error:
            raise click.ClickException(str(error)) from None
        finally:
            runner.run(store.close())


def in_batches(ticks: Iterator[RecordedTick], size: int) -> Iterator[RecordedBatch]:
    while batch := list(islice(ticks, size)):
        yield RecordedBatch.of(batch)


def _pulled(runner: asyncio.Runner, found: AsyncIterator[Any], logged: Logged) -> Iterator[RecordedTick]:
    number = 0
    while (each := runner.run(_next(found))) is not None:
        number += 1
        moment = _EPOCH + timedelta(microseconds=each.timestamp_us)
        stamp = moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        fields = logged.fields(each) | {"timestamp": stamp}
        line = encode({name: value for name, value in fields.items() if value is not None}).decode()
        yield RecordedTick(line, stamp, number)


async def _next(found: AsyncIterator[Any]) -> Any:
    return await anext(found, None)


async def _observations(store: Store, subject: str, from_us: int, to_us: int) -> AsyncIterator[Any]:
    forgotten = await store.forgotten()
    async for stored in store.blocks(None):
        if stored.subject != subject:
            continue
        columns = without_forgotten(stored, forgotten).columns
        for at, time_us in enumerate(columns.times_us):
            if from_us <= time_us < to_us:
                yield columns[at]
