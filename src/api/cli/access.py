"""What the commands for keys and for accounts share."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import click

from api.access import access_mediator
from api.cli.loading import load_or_exit
from api.subjects.registry import subjects_of
from api.timestamps import to_rfc3339
from application.access.directory import Directory
from application.errors import MarketDataError
from application.mediator import Mediator
from infrastructure.access.argon2_passwords import Argon2Passwords
from infrastructure.access.jwt_tokens import JwtTokens
from infrastructure.access.sql_accounts import SqlAccountRepository
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.settings import Settings
from infrastructure.storage.store import StoreFailed, StoreRefused
from infrastructure.storage.stores import store_of
from infrastructure.system_clock import SystemClock

simulation_option = click.option(
    "--simulation/--no-simulation", default=None, help="Whether they are of a service with simulated prices."
)


def with_access(
    config: Path | None, simulation: bool | None, work: Callable[[Mediator], Coroutine[Any, Any, None]]
) -> None:
    """Run `work` on the configured store, beside a running service or without one, or exit with a readable message."""
    overrides: dict[str, dict[str, Any]] = {"simulation": {} if simulation is None else {"enabled": simulation}}
    settings: Settings = load_or_exit(config, overrides).settings
    if not settings.storage.enabled:
        raise click.ClickException("keys and accounts are kept in the store, and storage.enabled is false")

    async def run() -> None:
        store = store_of(settings.store, subjects_of(settings))
        clock, tokens = SystemClock(), JwtTokens()
        keys, accounts = SqlKeyRepository(store), SqlAccountRepository(store)
        try:
            await store.open_beside()
            await work(access_mediator(keys, accounts, Directory(tokens, clock), Argon2Passwords(), tokens, clock))
        finally:
            await store.close()

    try:
        asyncio.run(run())
    except (StoreRefused, StoreFailed, MarketDataError) as error:
        raise click.ClickException(str(error)) from None


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def moment(moment_us: int | None) -> str:
    return "never" if moment_us is None else to_rfc3339(moment_us)[:16] + "Z"
