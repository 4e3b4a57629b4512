import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from api.cli.watch_screen import Screen
from marketdata_client import Connected, Disconnected, Gap, MoveChange, MoveSeen, Prices, Snapshot, Statistics

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
LONG = "BITFLYER:FXBTC-JPY-LONG-NAME"
SMALL = Decimal("0.000001534567890123456789")
COLUMNS = ("Average", "Min", "Max", "Updates", "Spikes", "vs average", "Age")


def statistics(symbol: str, price: Decimal) -> Statistics:
    return Statistics(symbol, price, float(price), price, price, 1_234_567, 0, 89, MOMENT)


def shown(screen: Screen, console: Console) -> str:
    with console.capture() as capture:
        console.print(screen)
    return capture.get()


def terminal(width: int, height: int = 40) -> tuple[Screen, Console]:
    console = Console(width=width, height=height, file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    return Screen("http://x", console), console


def test_wide_terminal_has_every_column() -> None:
    screen, console = terminal(200)
    screen.take(Snapshot(1, [statistics(LONG, SMALL)], True))
    header = next(line for line in shown(screen, console).splitlines() if line.startswith("Symbol"))
    assert all(name in header for name in COLUMNS)


@pytest.mark.parametrize("width", range(58, 190))
def test_narrower_terminals_drop_columns_by_priority_and_never_cut(width: int) -> None:
    screen, console = terminal(width)
    screen.take(Snapshot(1, [statistics(LONG, SMALL), statistics("A", Decimal(2))], True))
    lines = shown(screen, console).splitlines()
    header = next(line for line in lines if line.startswith("Symbol"))
    present = [name in header for name in COLUMNS]
    assert present == sorted(present)
    row = next(line for line in lines if line.startswith(LONG))
    assert f" {SMALL:f}" in row
    assert "…" not in "".join(lines)
    if "Updates" in header:
        assert "1,234,567" in row


def test_symbol_and_price_go_on_in_the_next_line_where_even_they_are_too_wide() -> None:
    screen, console = terminal(24)
    screen.take(Snapshot(1, [statistics(LONG, SMALL)], True))
    rows = [line.split() for line in shown(screen, console).splitlines()[2:5]]
    assert "".join(row[0] for row in rows) == LONG
    assert "".join(row[1] for row in rows) == f"{SMALL:f}"


def test_columns_do_not_come_back_while_a_wider_number_is_gone() -> None:
    screen, console = terminal(80)
    screen.take(Snapshot(1, [statistics("A", Decimal("123456.123456789"))], True))
    first = shown(screen, console).splitlines()[1]
    screen.take(Prices(2, [statistics("A", Decimal(1))]))
    assert shown(screen, console).splitlines()[1].split() == first.split()


def test_screen_tells_prices_moves_and_the_connection() -> None:
    screen, console = terminal(100, height=17)
    assert "no prices yet" in shown(screen, console)
    screen.take(Connected())
    screen.take(Snapshot(1, [statistics(symbol, Decimal(1)) for symbol in "ABCD"], True))
    screen.take(Prices(2, [statistics("A", Decimal("1.5"))]))
    one, peak = Decimal(1), Decimal("1.5")
    opened = MoveChange("id", "A", "up", MOMENT, None, one, peak, 50.0, "critical", 1, "opened")
    screen.take(MoveSeen(3, opened))
    assert "▲ +50.00%  1 to 1.5  critical, 1 ticks  ongoing" in shown(screen, console)
    screen.take(MoveSeen(4, MoveChange("id", "A", "up", MOMENT, MOMENT, one, peak, 50.0, "critical", 400, "ended")))
    screen.take(Gap(5, moves=7))
    text = shown(screen, console)
    assert "connected to http://x" in text
    assert "▲ 1.5" in text
    assert "and 2 more; name symbols to see them" in text
    assert "12:00:00  A            ▲ +50.00%  1 to 1.5  critical, 400 ticks\n" in re.sub(" +\n", "\n", text)
    assert "7 more were dropped" in text
    screen.take(Disconnected("connection refused", 1))
    assert "no connection to http://x: connection refused; retrying" in shown(screen, console)
