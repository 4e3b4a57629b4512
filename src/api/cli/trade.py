"""`marketdata trade`."""

import time
from decimal import Decimal

import click
import httpx

from api.cli.loading import key_option
from domain.numbers import InvalidNumber, read_number, written
from infrastructure.feeds.zeromq_publisher import Unreachable, ZeroMqPublisher
from marketdata_client.calls import signed_by

_TIMEOUT_SECONDS = 10
ZEROMQ = "tcp://127.0.0.1:5555"

address_option = click.option(
    "--address", default=ZEROMQ, show_default=True, help="Where the service takes messages over ZeroMQ."
)
server_key_option = click.option("--server-key", help="Public key of the service, where it speaks CURVE.")


class _Decimal(click.ParamType[Decimal]):
    name = "NUMBER"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            return value if isinstance(value, Decimal) else written(read_number(str(value)))
        except InvalidNumber as error:
            self.fail(f"{value!r} {error}", param, ctx)


@click.command()
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.argument("quantity", type=_Decimal())
@click.option("--symbol", help="By default that of the service for trades without one.")
@click.option("--price", type=_Decimal(), help="Of one.")
@click.option("--venue", help="Where it was traded.")
@click.option("--to", type=click.Choice(["http", "zeromq"]), default="http", show_default=True)
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The service, for http.")
@key_option
@address_option
@server_key_option
def trade(
    side: str,
    quantity: Decimal,
    symbol: str | None,
    price: Decimal | None,
    venue: str | None,
    to: str,
    url: str,
    key: str | None,
    address: str,
    server_key: str | None,
) -> None:
    """Send one trade to a running service.

    \b
    marketdata trade buy 1.5
    marketdata trade sell 0.25 --symbol BTCUSD --price 64250.10
    marketdata trade buy 10 --symbol AAPL --to zeromq
    """
    given = {"symbol": symbol, "price": price, "venue": venue}
    fields = {name: value for name, value in given.items() if value is not None}
    if to == "zeromq":
        message = {"type": "trade", "side": side, "qty": quantity, "ts": time.time(), **fields}
        try:
            with ZeroMqPublisher(address, _TIMEOUT_SECONDS, server_key) as publisher:
                publisher.connect(message)
        except Unreachable as error:
            raise click.ClickException(str(error)) from None
        click.echo("sent")
        return
    body: dict[str, str | int] = {
        "side": side,
        "quantity": str(quantity),
        **{name: str(value) for name, value in fields.items()},
    }
    body["sentAt"] = int(time.time() * 1000)
    try:
        answer = httpx.post(f"{url}/api/trades", json=body, headers=signed_by(key), timeout=_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url}: {error}") from None
    if answer.status_code >= 400:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        raise click.ClickException(str(problem.get("detail") or f"{url} answered {answer.status_code}"))
    click.echo("accepted")
