"""`marketdata watch`."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from websockets.exceptions import InvalidHandshake, InvalidURI

from marketdata_client import (
    Anomaly,
    AnomalySeen,
    Connected,
    Disconnected,
    Gap,
    MarketDataClient,
    Message,
    Prices,
    Snapshot,
    Statistics,
    StreamRefused,
)

_FRAMES_PER_SECOND = 10
_ANOMALIES_SHOWN = 6
# Lines other than symbols: table header, frame, title of the anomalies, number of omitted symbols, state.
_LINES_AROUND = 9


class _Screen:
    """The latest state and its rendering."""

    def __init__(self, url: str, console: Console) -> None:
        self._url = url
        self._console = console
        # Whether the terminal cannot show arrows.
        self._plain = not console.encoding.startswith("utf")
        self._prices: dict[str, Statistics] = {}
        self._moves: dict[str, int] = {}
        self._anomalies: deque[Anomaly] = deque(maxlen=_ANOMALIES_SHOWN)
        self._let_go = 0
        self._state = Text("connecting", style="yellow")

    def take(self, message: Message) -> None:
        match message:
            case Connected():
                self._state = Text(f"connected to {self._url}", style="green")
            case Disconnected():
                self._state = Text(f"no connection to {self._url}: {message.reason}; trying again", style="red")
            case Snapshot() | Prices():
                for item in message.prices:
                    before = self._prices.get(item.symbol, item).current_price
                    self._moves[item.symbol] = (item.current_price > before) - (item.current_price < before)
                    self._prices[item.symbol] = item
            case AnomalySeen():
                self._anomalies.appendleft(message.anomaly)
            case Gap():
                self._let_go += message.anomalies

    def __rich__(self) -> Group:
        rows = max(1, self._console.height - _LINES_AROUND - _ANOMALIES_SHOWN)
        symbols = sorted(self._prices)
        parts: list[Table | Text] = [self._table(symbols[:rows])]
        if not symbols:
            parts.append(Text("no prices yet", style="dim"))
        if len(symbols) > rows:
            parts.append(Text(f"and {len(symbols) - rows} more; name some to see them", style="dim"))
        parts.append(Text("\nAnomalies, newest first", style="bold"))
        parts += [_line(anomaly, self._plain) for anomaly in self._anomalies] or [Text("none yet", style="dim")]
        if self._let_go:
            parts.append(Text(f"{self._let_go} more, which this terminal was too slow for", style="yellow"))
        return Group(*parts, self._state)

    def _table(self, symbols: list[str]) -> Table:
        table = Table("Symbol", box=None, pad_edge=False)
        for name in ("Price", "vs average", "Average", "Min", "Max", "Updates", "Spikes", "Age"):
            table.add_column(name, justify="right")
        now = datetime.now(UTC)
        for symbol in symbols:
            item = self._prices[symbol]
            move = self._moves[symbol]
            away = (float(item.current_price) / item.moving_average - 1) * 100
            table.add_row(
                symbol,
                Text(f"{_sign(move, self._plain)} {item.current_price}", style=_colour(move)),
                Text(f"{away:+.2f} %", style=_colour(away)),
                f"{item.moving_average:.6g}",
                str(item.min_price),
                str(item.max_price),
                f"{item.update_count:,}",
                f"{item.anomaly_count:,}",
                _age((now - item.last_update_time).total_seconds()),
            )
        return table


def _sign(number: float, plain: bool) -> str:
    up, down = "^v" if plain else "▲▼"
    return up if number > 0 else down if number < 0 else " "


def _colour(move: float) -> str:
    return "green" if move > 0 else "red" if move < 0 else ""


def _line(anomaly: Anomaly, plain: bool) -> Text:
    text = Text(f"{anomaly.detected_at:%H:%M:%S}  {anomaly.symbol:<12} ")
    text.append(
        f"{_sign(anomaly.change_percent, plain)} {anomaly.change_percent:+.2f} %", style=_colour(anomaly.change_percent)
    )
    return text.append(f"  {anomaly.reference_price} to {anomaly.new_price}  {anomaly.severity}")


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.1f} s"


async def _watch(url: str, symbols: tuple[str, ...], screen: _Screen, live: Live) -> None:
    showing = asyncio.create_task(_show(live))
    try:
        async for message in _messages(url, symbols):
            screen.take(message)
            if showing.done():
                # It only ends with an error, which is raised here.
                await showing
    finally:
        showing.cancel()


async def _show(live: Live) -> None:
    while True:
        live.refresh()
        await asyncio.sleep(1 / _FRAMES_PER_SECOND)


async def _print(url: str, symbols: tuple[str, ...]) -> None:
    """Print one line per change, for pipes and files."""
    async for message in _messages(url, symbols):
        match message:
            case Snapshot() | Prices():
                for item in message.prices:
                    print(item.last_update_time.isoformat(), item.symbol, item.current_price, flush=True)
            case AnomalySeen():
                anomaly = message.anomaly
                percent = f"{anomaly.change_percent:+.2f} %"
                print(
                    anomaly.detected_at.isoformat(),
                    anomaly.symbol,
                    anomaly.new_price,
                    percent,
                    anomaly.severity,
                    flush=True,
                )
            case Connected() | Disconnected() | Gap():
                print(message, file=sys.stderr, flush=True)


async def _messages(url: str, symbols: tuple[str, ...]) -> AsyncGenerator[Message]:
    async with MarketDataClient(url) as client, aclosing(aiter(client.stream(*symbols))) as messages:
        async for message in messages:
            yield message


@click.command()
@click.argument("symbols", nargs=-1, metavar="[SYMBOL]...")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The service.")
def watch(symbols: tuple[str, ...], url: str) -> None:
    """Watch prices and anomalies live, until Ctrl+C. A SYMBOL may be a prefix followed by *.

    \b
    marketdata watch
    marketdata watch AAPL 'BTC*'
    marketdata watch --url http://10.0.0.5:8000
    marketdata watch AAPL | tee aapl.log                one line per change
    """
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if console.is_terminal:
            screen = _Screen(url, console)
            with Live(screen, console=console, auto_refresh=False, screen=True) as live:
                asyncio.run(_watch(url, symbols, screen, live))
        else:
            asyncio.run(_print(url, symbols))
    except KeyboardInterrupt:
        sys.exit(0)
    except BrokenPipeError:
        # The reader closed the pipe; the flush at exit must not fail either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except StreamRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    except (InvalidHandshake, InvalidURI, ValueError) as error:
        raise click.ClickException(f"{url} is no market data service: {error}") from None
