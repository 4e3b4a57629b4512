"""`marketdata watch`."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.live import Live
from websockets.exceptions import InvalidHandshake, InvalidURI

from api.cli.loading import key_option
from api.cli.watch_lines import print_message
from api.cli.watch_screen import Screen
from marketdata_client import Channel, Connected, Disconnected, MarketDataClient, Message, Snapshot, StreamRefused

_FRAMES_PER_SECOND = 10
# The client subscribes to no more at once, so that one snapshot, of one or more messages, has them all.
_SYMBOLS_AT_ONCE = 500


@click.command()
@click.argument("symbols", nargs=-1, metavar="[SYMBOL]...")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The service.")
@key_option
@click.option("--json", "as_json", is_flag=True, help="Print each message as it is sent, one JSON object per line.")
@click.option("--once", is_flag=True, help="Print the current prices and exit.")
@click.option("--no-retry", is_flag=True, help="Exit with status 1 when there is no connection.")
def watch(symbols: tuple[str, ...], url: str, key: str | None, as_json: bool, once: bool, no_retry: bool) -> None:
    """Watch prices and moves live, until Ctrl+C. A SYMBOL may be a prefix followed by *.

    On a terminal this is a table; a narrow one shows fewer columns. Anywhere else, each change is one line, and news of
    the connection goes to standard error. Without --no-retry, a lost connection is retried until it is back.

    \b
    marketdata watch
    marketdata watch AAPL 'BTC*'
    marketdata watch --url http://10.0.0.5:8000
    marketdata watch AAPL | tee aapl.log                one line per change
    marketdata watch --json | jq -c '.move // empty'  the messages of the stream
    marketdata watch --once --no-retry GOLD             the current price, for scripts
    """
    console = Console()
    source = _Source(url, key, symbols, no_retry)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if once:
            asyncio.run(_print_once(source, as_json, console))
        elif console.is_terminal and not as_json:
            screen = Screen(url, console)
            with Live(screen, console=console, auto_refresh=False, screen=True) as live:
                asyncio.run(_show(source, screen, live))
        else:
            asyncio.run(_print(source, as_json))
    except KeyboardInterrupt:
        sys.exit(0)
    except BrokenPipeError:
        # The reader closed the pipe; the flush at exit must not fail either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except StreamRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    except (InvalidHandshake, InvalidURI, ValueError) as error:
        raise click.ClickException(f"{url} is not a market data service: {error}") from None


@dataclass(frozen=True, slots=True)
class _Source:
    url: str
    key: str | None = field(repr=False)
    symbols: tuple[str, ...]
    no_retry: bool

    async def messages(self, channels: Iterable[Channel] = ("prices", "moves")) -> AsyncGenerator[tuple[Message, str]]:
        """Yield messages, each also as it was received. Raises click.ClickException where retries are not wanted.

        Close it in the same task: a generator that is left open outlives its event loop.
        """
        async with MarketDataClient(self.url, key=self.key) as client:
            stream = client.stream(*self.symbols, channels=channels)
            async with aclosing(stream.with_json()) as messages:
                async for message, text in messages:
                    if self.no_retry and isinstance(message, Disconnected):
                        raise click.ClickException(f"no connection to {self.url}: {message.reason}")
                    yield message, text

    def parts(self) -> "list[_Source]":
        """Sources of as many symbols as fit into one subscription."""
        firsts = range(0, max(len(self.symbols), 1), _SYMBOLS_AT_ONCE)
        return [_Source(self.url, self.key, self.symbols[at : at + _SYMBOLS_AT_ONCE], self.no_retry) for at in firsts]


async def _show(source: _Source, screen: Screen, live: Live) -> None:
    refreshing = asyncio.create_task(_refresh(live))
    try:
        async with aclosing(source.messages()) as messages:
            async for message, _ in messages:
                screen.take(message)
                if refreshing.done():
                    # It only ends with an error, which is raised here.
                    await refreshing
    finally:
        refreshing.cancel()


async def _refresh(live: Live) -> None:
    while True:
        live.refresh()
        await asyncio.sleep(1 / _FRAMES_PER_SECOND)


async def _print(source: _Source, as_json: bool) -> None:
    async with aclosing(source.messages()) as messages:
        async for message, text in messages:
            print_message(message, text, as_json, source.url)


async def _print_once(source: _Source, as_json: bool, console: Console) -> None:
    snapshots = [snapshot for part in source.parts() for snapshot in await _snapshots(part)]
    if not any(message.prices for message, _ in snapshots):
        click.echo("no prices yet", err=True)
    if console.is_terminal and not as_json:
        screen = Screen(source.url, console)
        for message, _ in snapshots:
            screen.take(message)
        console.print(screen.table())
        return
    for message, text in snapshots:
        print_message(message, text, as_json, source.url)


async def _snapshots(source: _Source) -> list[tuple[Snapshot, str]]:
    """Return the messages of the first snapshot that is received to its end."""
    found: list[tuple[Snapshot, str]] = []
    async with aclosing(source.messages(["prices"])) as messages:
        async for message, text in messages:
            match message:
                case Connected():
                    found = []
                case Disconnected():
                    print_message(message, text, False, source.url)
                case Snapshot():
                    found.append((message, text))
                    if message.last:
                        break
    return found
