"""`marketdata keys`."""

from datetime import timedelta
from pathlib import Path

import click

from api.cli.access import moment, print_table, simulation_option, with_access
from api.cli.loading import config_option
from application.access.commands.create_key import CreateKey
from application.access.commands.revoke_key import RevokeKey
from application.access.queries.list_keys import ListKeys
from application.mediator import Mediator
from domain.access.api_key import ApiKey
from domain.access.role import Role
from infrastructure.system_clock import SystemClock


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
@simulation_option
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

    with_access(config, simulation, work)


@keys.command(name="list")
@simulation_option
@config_option
def list_(simulation: bool | None, config: Path | None) -> None:
    """List all keys, the oldest first. The last use is noted once a minute."""

    async def work(mediator: Mediator) -> None:
        now_us = SystemClock().now_us()
        rows: list[tuple[str, ...]] = [("id", "role", "state", "created", "last used", "symbols", "name")]
        rows += [_row(key, now_us) for key in await mediator.send(ListKeys())]
        print_table(rows)

    with_access(config, simulation, work)


@keys.command()
@click.argument("key_id", metavar="ID")
@simulation_option
@config_option
def revoke(key_id: str, simulation: bool | None, config: Path | None) -> None:
    """Revoke a key for good. A running service refuses it within two seconds."""

    async def work(mediator: Mediator) -> None:
        await mediator.send(RevokeKey(key_id))
        click.echo(f"{key_id} is revoked")

    with_access(config, simulation, work)


def _row(key: ApiKey, now_us: int) -> tuple[str, ...]:
    if key.revoked_us is not None:
        state = f"revoked {moment(key.revoked_us)}"
    elif not key.is_valid(now_us):
        state = f"expired {moment(key.expires_us)}"
    else:
        state = "valid" if key.expires_us is None else f"until {moment(key.expires_us)}"
    symbols = ",".join(f"{prefix}*" for prefix in key.prefixes) or "all"
    return (key.id, key.role.value, state, moment(key.created_us), moment(key.last_used_us), symbols, key.name)
