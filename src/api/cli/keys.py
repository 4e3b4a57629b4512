"""`marketdata keys`."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from api.access import access_mediator
from api.cli.loading import config_option, load_or_exit
from api.subjects.registry import subjects_of
from api.timestamps import to_rfc3339
from application.access.commands.create_key import CreateKey
from application.access.commands.revoke_key import RevokeKey
from application.access.queries.list_keys import ListKeys
from application.errors import MarketDataError
from application.mediator import Mediator
from domain.access.api_key import ApiKey
from domain.access.role import Role
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.settings import Settings
from infrastructure.storage.store import StoreFailed, StoreRefused
from infrastructure.storage.stores import store_of
from infrastructure.system_clock import SystemClock

_simulation_option = click.option(
    "--simulation/--no-simulation", default=None, help="Whether the keys are for a service with simulated prices."
)


@click.group()
def keys() -> None:
    """Create, list and revoke the keys that programs sign in with. The service may be running.

    \b
    marketdata keys create --role feeder --prefix BTC --days 90 "desk 7"
    marketdata keys list
    marketdata keys revoke 3f0c9a41d2b7e658
    """


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What the key may do.")
@click.option("--prefix", "prefixes", multiple=True, help="Only symbols that start with it. May be repeated.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True, max=36_500), help="How long it is valid.")
@_simulation_option
@config_option
def create(
    name: str, role: str, prefixes: tuple[str, ...], days: float | None, simulation: bool | None, config: Path | None
) -> None:
    """Create a key and print it, once: the store has only a hash of it."""

    async def work(mediator: Mediator) -> None:
        expires_us = None
        if days is not None:
            expires_us = SystemClock().now_us() + timedelta(days=days) // timedelta(microseconds=1)
        created = await mediator.send(CreateKey(name, Role(role), prefixes, expires_us))
        click.echo(created.text)

    _with(config, simulation, work)


@keys.command(name="list")
@_simulation_option
@config_option
def list_(simulation: bool | None, config: Path | None) -> None:
    """List all keys, the oldest first. The last use is noted once a minute."""

    async def work(mediator: Mediator) -> None:
        now_us = SystemClock().now_us()
        rows: list[tuple[str, ...]] = [("id", "role", "state", "created", "last used", "symbols", "name")]
        rows += [_row(key, now_us) for key in await mediator.send(ListKeys())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            click.echo("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())

    _with(config, simulation, work)


@keys.command()
@click.argument("key_id", metavar="ID")
@_simulation_option
@config_option
def revoke(key_id: str, simulation: bool | None, config: Path | None) -> None:
    """Revoke a key for good. A running service refuses it within two seconds."""

    async def work(mediator: Mediator) -> None:
        await mediator.send(RevokeKey(key_id))
        click.echo(f"{key_id} is revoked")

    _with(config, simulation, work)


def _row(key: ApiKey, now_us: int) -> tuple[str, ...]:
    if key.revoked_us is not None:
        state = f"revoked {_day(key.revoked_us)}"
    elif not key.is_valid(now_us):
        state = f"expired {_day(key.expires_us)}"
    else:
        state = "valid" if key.expires_us is None else f"until {_day(key.expires_us)}"
    symbols = ",".join(f"{prefix}*" for prefix in key.prefixes) or "all"
    return (key.id, key.role.value, state, _day(key.created_us), _day(key.last_used_us), symbols, key.name)


def _day(moment_us: int | None) -> str:
    return "never" if moment_us is None else to_rfc3339(moment_us)[:16] + "Z"


def _with(config: Path | None, simulation: bool | None, work: Callable[[Mediator], Coroutine[Any, Any, None]]) -> None:
    """Run `work` on the configured store, or exit with a readable message."""
    overrides: dict[str, dict[str, Any]] = {"simulation": {} if simulation is None else {"enabled": simulation}}
    settings: Settings = load_or_exit(config, overrides).settings
    if not settings.storage.enabled:
        raise click.ClickException("keys are kept in the store, and storage.enabled is false")

    async def run() -> None:
        store = store_of(settings.store, subjects_of(settings))
        try:
            await store.open_beside()
            await work(access_mediator(SqlKeyRepository(store), SystemClock()))
        finally:
            await store.close()

    try:
        asyncio.run(run())
    except (StoreRefused, StoreFailed, MarketDataError) as error:
        raise click.ClickException(str(error)) from None
