"""`marketdata db`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

from api.cli.loading import config_option, load_or_exit
from api.subjects.registry import subjects_of
from domain.symbol import InvalidSymbol, normalise_symbol
from infrastructure.prices.price_format import PRICES
from infrastructure.readings.reading_rows import has_hypertable
from infrastructure.settings import Settings
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import StoreFailed, StoreRefused
from infrastructure.storage.stores import store_of

_BLOCKS_A_STEP = 64


@click.group()
def db() -> None:
    """Inspect, upgrade and verify the store.

    \b
    marketdata db status      show the store's schema and size
    marketdata db upgrade     bring the schema up to date; starting the service does so too
    marketdata db check       read everything and verify it
    marketdata db forget AAPL remove a symbol and its past
    """


@db.command()
@config_option
def status(config: Path | None) -> None:
    """Show the store's schema and the rows in each table."""

    async def tell(store: SqlStore) -> None:
        schema = await store.schema()
        click.echo(f"store     {store.name}")
        click.echo(f"schema    {schema.current or 'none'}, of {schema.newest}")
        for table, rows in (await store.sizes()).items() if schema.current == schema.newest else ():
            click.echo(f"{table:<9} {rows:,}")
        if schema.current == schema.newest and await has_hypertable(store):
            click.echo("readings  in a hypertable of TimescaleDB")

    _with(config, tell, read_only=True)


@db.command()
@config_option
def upgrade(config: Path | None) -> None:
    """Bring the schema up to date. The service must not be running."""

    async def tell(store: SqlStore) -> None:
        schema = await store.schema()
        click.echo(f"{store.name} has schema {schema.current}")

    _with(config, tell)


@db.command()
@config_option
def check(config: Path | None) -> None:
    """Read everything and verify it; the exit status is 1 if anything is wrong. The service may be running."""

    async def tell(store: SqlStore) -> None:
        schema = await store.schema()
        if schema.current != schema.newest:
            raise StoreRefused(f"the store has schema {schema.current or 'none'}; newest is {schema.newest}")
        problems = [*await store.differences(), *await store.damages()]
        for problem in problems:
            click.echo(problem, err=True)
        click.echo(f"{store.name}: " + (f"{len(problems)} problems" if problems else "sound"))
        if problems:
            sys.exit(1)

    _with(config, tell, read_only=True)


@db.command()
@click.argument("symbol")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def forget(symbol: str, yes: bool, config: Path | None) -> None:
    """Remove a symbol and its past: statistics, ticks, candles, anomalies and moves.

    The service must not be running; `DELETE /api/prices/SYMBOL` does the same in a running one.
    """
    try:
        name = normalise_symbol(symbol)
    except InvalidSymbol as error:
        raise click.BadParameter(f"{symbol!r} {error}", param_hint="SYMBOL") from None

    async def tell(store: SqlStore) -> None:
        if not await store.knows(PRICES, name):
            raise click.ClickException(f"{store.name} has no symbol {name}")
        if not yes:
            click.confirm(f"Remove {name} and its past from {store.name}?", abort=True)
        await store.forget(PRICES, name)
        while await store.erase(_BLOCKS_A_STEP):
            pass
        click.echo(f"{name} is removed from {store.name}")

    _with(config, tell)


def _with(config: Path | None, work: Callable[[SqlStore], Coroutine[Any, Any, None]], read_only: bool = False) -> None:
    """Run `work` on the configured store, or exit with a readable message."""
    settings: Settings = load_or_exit(config).settings

    async def run() -> None:
        store = store_of(settings.store, subjects_of(settings), read_only)
        try:
            await store.open()
            await work(store)
        finally:
            await store.close()

    try:
        asyncio.run(run())
    except (StoreRefused, StoreFailed, Corrupt) as error:
        raise click.ClickException(str(error)) from None
