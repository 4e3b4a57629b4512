"""`marketdata users`."""

from pathlib import Path

import click

from api.cli.access import moment, print_table, simulation_option, with_access
from api.cli.loading import config_option
from application.access.commands.create_account import CreateAccount
from application.access.commands.disable_account import DisableAccount
from application.access.queries.list_accounts import ListAccounts
from application.mediator import Mediator
from domain.access.account import Account
from domain.access.role import Role


@click.group()
def users() -> None:
    """Invite, list and disable the people who sign in with a password. The service may be running.

    \b
    marketdata users create --role viewer ada@example.org
    marketdata users list
    marketdata users disable ada@example.org
    """


@users.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option("--again", is_flag=True, help="For an account that exists: a new invitation, as for a lost password.")
@simulation_option
@config_option
def create(name: str, role: str, again: bool, simulation: bool | None, config: Path | None) -> None:
    """Create an account, and print an invitation, once. With it they choose a password, within three days."""

    async def work(mediator: Mediator) -> None:
        invitation = await mediator.send(CreateAccount(name, Role(role), again))
        click.echo(invitation)

    with_access(config, simulation, work)


@users.command(name="list")
@simulation_option
@config_option
def list_(simulation: bool | None, config: Path | None) -> None:
    """List all accounts, the oldest first."""

    async def work(mediator: Mediator) -> None:
        accounts = await mediator.send(ListAccounts())
        rows = [("name", "role", "state", "created")]
        print_table(
            [*rows, *((each.name, each.role.value, _state(each), moment(each.created_us)) for each in accounts)]
        )

    with_access(config, simulation, work)


@users.command()
@click.argument("name")
@simulation_option
@config_option
def disable(name: str, simulation: bool | None, config: Path | None) -> None:
    """Disable an account and end its sessions. A running service notices within two seconds."""

    async def work(mediator: Mediator) -> None:
        await mediator.send(DisableAccount(name.strip().lower()))
        click.echo(f"{name} is disabled")

    with_access(config, simulation, work)


def _state(account: Account) -> str:
    if account.disabled_us is not None:
        return f"disabled {moment(account.disabled_us)}"
    if account.invitation is not None:
        return f"invited until {moment(account.invited_until_us)}"
    return "active"
