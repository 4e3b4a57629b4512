"""`marketdata export`."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from api.cli.export_files import FORMATS, format_of, write_parquet, write_text
from api.cli.export_readings import export_readings, export_rollups
from api.cli.export_rows import ExportedCandle, all_ticks, candles_of, ticks_of
from api.cli.loading import config_option, load_or_exit
from api.subjects.registry import subjects_of
from api.timestamps import InvalidTimestamp, from_rfc3339
from api.views.prices import CandleView, TickView
from application.processing.time_range import EARLIEST_US, LATEST_US
from domain.bars import Interval
from domain.prices.price_update import PriceUpdate
from domain.symbol import InvalidSymbol, normalise_symbol
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.price_parquet import CANDLE_TABLE, TICK_TABLE
from infrastructure.prices.price_store import SqlPriceStore
from infrastructure.readings.reading_format import READINGS
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.store import Store, StoreFailed, StoreRefused
from infrastructure.storage.stores import store_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timestamp(click.ParamType[int]):
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
@click.argument("what", type=click.Choice(["ticks", "candles", "readings", "rollups"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "wanted", type=click.Choice(FORMATS), help="By default from the suffix of FILE.")
@click.option("--symbol", "symbols", type=_Symbol(), multiple=True, help="Only this one; may be given more than once.")
@click.option("--interval", type=click.Choice([each.value for each in Interval]), default="1m", show_default=True)
@click.option("--from", "from_us", type=Timestamp(), default=EARLIEST_US, help="Only from this time on (RFC 3339).")
@click.option("--to", "to_us", type=Timestamp(), default=LATEST_US, help="Only before this time.")
@config_option
def export(
    what: str,
    file: Path,
    wanted: str | None,
    symbols: tuple[str, ...],
    interval: str,
    from_us: int,
    to_us: int,
    config: Path | None,
) -> None:
    """Write stored ticks, candles, readings or their roll-ups to a FILE: Parquet, CSV or NDJSON. The service may be
    running; data only in its memory is left out.

    The suffix decides the format: .parquet, .csv, .ndjson or .jsonl; after the last three, .gz or .zst compresses. CSV
    and NDJSON have the columns of the API. In Parquet, prices are doubles; a price that a double cannot hold exactly is
    also written in full to a text column. Exported ticks can be sent again with `marketdata replay`.

    \b
    marketdata export ticks ticks.parquet
    marketdata export ticks gold.csv.gz --symbol GOLD
    marketdata export readings press.parquet --symbol PRESS-7/TEMPERATURE
    marketdata export rollups hours.csv --interval 1h
    marketdata export candles hours.parquet --interval 1h --symbol BTCUSD --from 2026-01-31T00:00:00Z
    """
    form = format_of(file, wanted)
    settings = load_or_exit(config).settings

    async def run() -> int:
        store = store_of(settings.store, subjects_of(settings), read_only=True)
        try:
            await store.open()
            is_of_readings = what in ("readings", "rollups")
            chosen = await _chosen(store, symbols, READINGS if is_of_readings else PRICES)
            if what == "readings":
                return await export_readings(store, chosen, from_us, to_us, file, form)
            if what == "rollups":
                return await export_rollups(store, chosen, Interval(interval), from_us, to_us, file, form)
            if what == "candles":
                candles = candles_of(SqlPriceStore(store), chosen, Interval(interval), from_us, to_us)
                return await _write_candles(file, form, candles, Interval(interval))
            ticks = ticks_of(store, chosen, from_us, to_us) if symbols else all_ticks(store, from_us, to_us)
            return await _write_ticks(file, form, ticks)
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


async def _chosen(store: Store, symbols: Sequence[str], subject: str) -> list[str]:
    """Return the wanted symbols, or else all, in order. Raises click.ClickException if one is unknown."""
    known = {state.key for state in await store.states() if state.subject == subject}
    for symbol in symbols:
        # The ticks of a new symbol are stored before its state is.
        if symbol not in known and not await store.observations(subject, symbol, EARLIEST_US, LATEST_US, None, 1):
            raise click.ClickException(f"unknown symbol {symbol}: the store has nothing of it")
    return sorted(set(symbols) or known)


async def _write_ticks(file: Path, form: str, ticks: AsyncIterator[PriceUpdate]) -> int:
    if form == "parquet":
        return await write_parquet(file, TICK_TABLE, ticks)
    return await write_text(file, form, TickView, (_view(tick) async for tick in ticks))


async def _write_candles(file: Path, form: str, candles: AsyncIterator[ExportedCandle], interval: Interval) -> int:
    if form == "parquet":
        return await write_parquet(file, CANDLE_TABLE, candles)
    views = (
        CandleView.of(candle, symbol, interval, LATEST_US if closed else candle.start_us)
        async for symbol, candle, closed in candles
    )
    return await write_text(file, form, CandleView, views)


def _view(tick: PriceUpdate) -> TickView:
    """The tick with microseconds, so that nothing is lost."""
    moment = (_EPOCH + timedelta(microseconds=tick.timestamp_us)).replace(tzinfo=None)
    return TickView(tick.symbol, tick.price, f"{moment.isoformat(timespec='microseconds')}Z", tick.volume, tick.id)
