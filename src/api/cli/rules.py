"""`marketdata rules`."""

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import httpx
import msgspec

from api.cli.access import print_table
from api.cli.loading import key_option
from api.cli.rules_score import score

_TIMEOUT_SECONDS = 600.0
_ENCODER = msgspec.json.Encoder(decimal_format="number")

_url_option = click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The service.")
_file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group()
def rules() -> None:
    """List, add, remove and back-test the rules of a running service, and score rules over a recording.

    \b
    marketdata rules list
    marketdata rules add rules.toml
    marketdata rules backtest rules.toml --from 2026-01-31T00:00:00Z
    marketdata rules remove gold-above-110
    marketdata rules score temperature.csv --window 2013-12-15T17:50:00Z/2013-12-17T17:00:00Z
    """


@rules.command(name="list")
@_url_option
@key_option
def list_(url: str, key: str | None) -> None:
    """List all rules by id."""
    rows: list[tuple[str, ...]] = [("id", "subject", "keys", "condition", "severity", "state", "name")]
    with _client(url, key) as client:
        for each in _pages(client, "/api/rules"):
            condition = msgspec.json.encode(each["condition"]).decode()
            state = "on" if each["enabled"] else "off"
            keys = ",".join(each["keys"])
            rows.append((each["id"], each["subject"], keys, condition, each["severity"], state, each["name"]))
    print_table(rows)


@rules.command()
@_file_argument
@_url_option
@key_option
def add(file: Path, url: str, key: str | None) -> None:
    """Add the rules of a TOML file, a table [[rules]] for each."""
    with _client(url, key) as client:
        for each in _tables(file):
            made = _sent(client, "POST", "/api/rules", each)
            click.echo(f"{made['id']} is added")


@rules.command()
@click.argument("rule_id", metavar="ID")
@_url_option
@key_option
def remove(rule_id: str, url: str, key: str | None) -> None:
    """Remove a rule; its open alerts resolve."""
    with _client(url, key) as client:
        _sent(client, "DELETE", f"/api/rules/{quote(rule_id, safe='')}")
    click.echo(f"{rule_id} is removed")


@rules.command()
@_file_argument
@click.option("--from", "from_", metavar="TIME", help="Only observations from this time on, RFC 3339.")
@click.option("--to", metavar="TIME", help="Only observations before this time.")
@_url_option
@key_option
def backtest(file: Path, from_: str | None, to: str | None, url: str, key: str | None) -> None:
    """Say what the rules of a TOML file would have raised over the log of the service."""
    rows: list[tuple[str, ...]] = [("rule", "observations", "alerts", "a day", "busiest hour", "most of")]
    with _client(url, key) as client:
        for each in _tables(file):
            result = _sent(client, "POST", "/api/rules/backtest", {"rule": each, "from": from_, "to": to})["result"]
            busiest, most = result["busiestHour"], ", ".join(each["key"] for each in result["byKey"][:3])
            rows.append(
                (
                    str(each.get("id") or each.get("name")),
                    str(result["observations"]),
                    str(result["total"]),
                    f"{result['perDay']:.6g}",
                    "-" if busiest is None else f"{busiest['start'][:16]}Z ({busiest['alerts']})",
                    most or "-",
                )
            )
    print_table(rows)


rules.add_command(score)


def _tables(file: Path) -> list[dict[str, Any]]:
    try:
        with file.open("rb") as stream:
            tables = tomllib.load(stream, parse_float=Decimal).get("rules")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: not valid TOML: {error}") from None
    if not isinstance(tables, list) or not tables:
        raise click.ClickException(f"{file}: has no tables [[rules]]")
    return tables


def _client(url: str, key: str | None) -> httpx.Client:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_SECONDS)


def _pages(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = _sent(client, "GET", path if cursor is None else f"{path}?cursor={cursor}")
        yield from page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return


def _sent(client: httpx.Client, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send a request and return the answer, or exit with the problem."""
    content = None if body is None else _ENCODER.encode(body)
    headers = {} if content is None else {"Content-Type": "application/json"}
    try:
        answer = client.request(method, path, content=content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(f"no connection to {client.base_url}: {error}") from None
    if answer.is_success:
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"{client.base_url} is not a market data service"
    raise click.ClickException(detail)
