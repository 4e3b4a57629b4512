"""`marketdata export`."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from api.cli.loading import config_option, load_or_exit
from api.subjects.registry import subjects_of
from api.timestamps import InvalidTimestamp, from_rfc3339
from application.prices.queries.time_range import EARLIEST_US, LATEST_US
from domain.numbers import Number
from domain.prices.candle import Interval
from domain.prices.price_update import PriceUpdate
from domain.symbol import InvalidSymbol, normalise_symbol
from infrastructure.prices.candle_chunks import CHUNK
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.price_store import PriceStore, SqlPriceStore
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.store import Place, Store, StoreFailed, StoreRefused
from infrastructure.storage.stores import store_of

_TICKS_AT_ONCE = 50_000
_CHUNKS_AT_ONCE = 100


class _Timestamp(click.ParamType[int]):
    """An RFC 3339 timestamp, as microseconds since the epoch."""

    name = "MOMENT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else from_rfc3339(str(value))
        except InvalidTimestamp as error:
            self.fail(f"{value!r} {error}", param, ctx)


class _Symbol(click.ParamType[str]):
    name = "SYMBOL"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return normalise_symbol(str(value))
        except InvalidSymbol as error:
            self.fail(f"{value!r} {error}", param, ctx)


@click.command()
@click.argument("what", type=click.Choice(["ticks", "candles"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--symbol", "symbols", type=_Symbol(), multiple=True, help="Only this one; may be given more than once.")
@click.option("--interval", type=click.Choice([each.value for each in Interval]), default="1m", show_default=True)
@click.option("--from", "from_us", type=_Timestamp(), default=EARLIEST_US, help="Only from this moment on (RFC 3339).")
@click.option("--to", "to_us", type=_Timestamp(), default=LATEST_US, help="Only before this moment.")
@config_option
def export(
    what: str, file: Path, symbols: tuple[str, ...], interval: str, from_us: int, to_us: int, config: Path | None
) -> None:
    """Write stored ticks or candles to a Parquet FILE. The service may be running; data only in its memory is left out.

    Prices are doubles; a price that a double cannot hold exactly is also written in full to a text column.

    \b
    marketdata export ticks ticks.parquet
    marketdata export candles hours.parquet --interval 1h --symbol BTCUSD --from 2026-01-31T00:00:00Z
    """
    # A local import: it takes as long to load as everything else, and every command would wait for it.
    from infrastructure.prices.parquet import CANDLES, TICKS, write_parquet  # noqa: PLC0415

    settings = load_or_exit(config).settings

    async def run() -> int:
        store = store_of(settings.storage, subjects_of(settings), read_only=True)
        try:
            await store.open()
            chosen = symbols or [state.key for state in await store.states() if state.subject == PRICES]
            if what == "candles":
                rows = _candles(SqlPriceStore(store), sorted(chosen), Interval(interval), from_us, to_us)
                return await write_parquet(file, CANDLES, rows)
            ticks = _ticks(store, symbols, from_us, to_us) if symbols else _all_ticks(store, from_us, to_us)
            return await write_parquet(file, TICKS, ticks)
        finally:
            await store.close()

    try:
        click.echo(f"{asyncio.run(run()):,} {what} in {file}")
    except (StoreRefused, StoreFailed, Corrupt) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        # Prefer the system's message to the library's longer one.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise click.ClickException(f"{file}: {reason}") from None


async def _all_ticks(store: Store, from_us: int, to_us: int) -> AsyncIterator[tuple[Any, ...]]:
    """In order of arrival."""
    async for block in store.blocks(None):
        for at in range(len(block.columns)) if block.subject == PRICES else ():
            tick: PriceUpdate = block.columns[at]
            if from_us <= tick.timestamp_us < to_us:
                yield _tick_row(tick)


async def _ticks(store: Store, symbols: Iterable[str], from_us: int, to_us: int) -> AsyncIterator[tuple[Any, ...]]:
    """Symbol by symbol, each in order of arrival."""
    for symbol in symbols:
        after: Place | None = None
        while page := await store.observations(PRICES, symbol, from_us, to_us, after, _TICKS_AT_ONCE):
            for place, tick in page:
                yield _tick_row(tick)
                after = place


async def _candles(
    store: PriceStore, symbols: Iterable[str], interval: Interval, from_us: int, to_us: int
) -> AsyncIterator[tuple[Any, ...]]:
    """Symbol by symbol, oldest first."""
    for symbol in symbols:
        position_us = from_us
        while chunks := await store.candles(symbol, interval, position_us, to_us, _CHUNKS_AT_ONCE):
            for _, _, candles in chunks:
                for each in candles:
                    prices = map(float, (each.open, each.high, each.low, each.close))
                    volume = None if each.volume is None else float(each.volume)
                    yield (symbol, each.start_us, *prices, volume, each.vwap, each.count)
            position_us = chunks[-1][0] + CHUNK * interval.width_us


def _tick_row(tick: PriceUpdate) -> tuple[Any, ...]:
    volume = None if tick.volume is None else float(tick.volume)
    return (
        tick.symbol,
        tick.timestamp_us,
        float(tick.price),
        _exact(tick.price),
        volume,
        _exact(tick.volume),
        tick.id,
    )


def _exact(number: Number | None) -> str | None:
    return str(number) if isinstance(number, Decimal) else None
