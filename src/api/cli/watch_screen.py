"""The live screen of `marketdata watch`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.cells import cell_len
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from marketdata_client import Connected, Disconnected, Gap, Message, Move, MoveSeen, Prices, Snapshot, Statistics

_COLUMNS = ("Symbol", "Price", "vs average", "Average", "Min", "Max", "Updates", "Spikes", "Age")
# In the order in which a narrow terminal does without them.
_DROPPED = ("Average", "Min", "Max", "Updates", "Spikes", "vs average", "Age")
_BETWEEN_COLUMNS = 2
_MOVES_SHOWN = 6
# Lines other than symbols: connection, table header, number of omitted symbols, title of the moves, margin.
_LINES_AROUND = 9


class Screen:
    """The latest state and its rendering."""

    def __init__(self, url: str, console: Console) -> None:
        self._url = url
        self._console = console
        # Whether the terminal cannot show arrows.
        self._plain = not console.encoding.startswith("utf")
        self._prices: dict[str, Statistics] = {}
        self._directions: dict[str, int] = {}
        # The widest seen, so that columns do not come and go with every digit.
        self._widths = {name: len(name) for name in _COLUMNS}
        # The latest of each, by id, oldest first.
        self._moves: dict[str, Move] = {}
        self._dropped = 0
        self._state = Text("connecting", style="yellow")

    def take(self, message: Message) -> None:
        match message:
            case Connected():
                self._state = Text(f"connected to {self._url}", style="green")
            case Disconnected():
                self._state = Text(f"no connection to {self._url}: {message.reason}; retrying", style="red")
            case Snapshot() | Prices():
                for item in message.prices:
                    before = self._prices.get(item.symbol, item).current_price
                    self._directions[item.symbol] = (item.current_price > before) - (item.current_price < before)
                    self._prices[item.symbol] = item
            case MoveSeen():
                self._moves[message.move.id] = message.move
                if len(self._moves) > _MOVES_SHOWN:
                    del self._moves[next(iter(self._moves))]
            case Gap():
                self._dropped += message.moves

    def __rich__(self) -> Group:
        rows = max(1, self._console.height - _LINES_AROUND - _MOVES_SHOWN)
        symbols = sorted(self._prices)
        parts: list[Table | Text] = [self._state, self._table(symbols[:rows])]
        if not symbols:
            parts.append(Text("no prices yet", style="dim"))
        if len(symbols) > rows:
            parts.append(Text(f"and {len(symbols) - rows} more; name symbols to see them", style="dim"))
        parts.append(Text("\nMoves, newest first", style="bold"))
        parts += [_line(move, self._plain) for move in reversed(self._moves.values())] or [
            Text("none yet", style="dim")
        ]
        if self._dropped:
            parts.append(Text(f"{self._dropped} more were dropped: this terminal is too slow", style="yellow"))
        return Group(*parts)

    def table(self) -> Table:
        """All symbols, however many."""
        return self._table(sorted(self._prices))

    def _table(self, symbols: Sequence[str]) -> Table:
        now = datetime.now(UTC)
        rows = [self._row(self._prices[symbol], now) for symbol in symbols]
        for row in rows:
            for name, cell in row.items():
                self._widths[name] = max(self._widths[name], cell_len(str(cell)))
        table = Table(box=None, pad_edge=False)
        names = fitting(self._widths, self._console.width)
        for name in names:
            # Symbol and price alone may still be too wide; they go on in the next line then.
            table.add_column(name, justify="left" if name == "Symbol" else "right", overflow="fold")
        for row in rows:
            table.add_row(*(row[name] for name in names))
        return table

    def _row(self, item: Statistics, now: datetime) -> dict[str, str | Text]:
        move = self._directions[item.symbol]
        away = (float(item.current_price) / item.moving_average - 1) * 100
        return {
            "Symbol": item.symbol,
            "Price": Text(f"{_sign(move, self._plain)} {item.current_price:f}", style=_colour(move)),
            "vs average": Text(f"{away:+.2f}%", style=_colour(away)),
            "Average": f"{item.moving_average:.6g}",
            "Min": f"{item.min_price:f}",
            "Max": f"{item.max_price:f}",
            "Updates": f"{item.update_count:,}",
            "Spikes": f"{item.anomaly_count:,}",
            "Age": _age((now - item.last_update_time).total_seconds()),
        }


def fitting(widths: Mapping[str, int], room: int) -> list[str]:
    """Return the columns that fit without cutting one; symbol and price always stay."""
    names = list(_COLUMNS)
    for name in _DROPPED:
        if sum(widths[each] + _BETWEEN_COLUMNS for each in names) - _BETWEEN_COLUMNS <= room:
            break
        names.remove(name)
    return names


def _sign(number: float, plain: bool) -> str:
    up, down = "^v" if plain else "▲▼"
    return up if number > 0 else down if number < 0 else " "


def _colour(move: float) -> str:
    return "green" if move > 0 else "red" if move < 0 else ""


def _line(move: Move, plain: bool) -> Text:
    text = Text(f"{move.started_at:%H:%M:%S}  {move.symbol:<12} ")
    text.append(f"{_sign(move.peak_percent, plain)} {move.peak_percent:+.2f}%", style=_colour(move.peak_percent))
    text.append(f"  {move.reference_price:f} to {move.peak_price:f}  {move.severity}, {move.count} ticks")
    return text if move.ended_at is not None else text.append("  ongoing", style="yellow")


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.1f} s"
