import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import Number
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_move import MoveChange, PriceMove
from domain.prices.price_update import PriceUpdate
from domain.prices.symbol_book import SymbolBook
from domain.prices.ticks import Ticks
from support.batches import RULES, tick

PRICES: list[Number] = [95.0, 98.0, 100.0, 101.0, 103.0, 110.0, Decimal("110.25000000000000000001")]


def applied(book: SymbolBook, *ticks: PriceUpdate) -> list[PriceMove]:
    return book.apply(Ticks.of(ticks)).updates


def test_a_burst_is_one_move_with_its_peak() -> None:
    book = SymbolBook(RULES)
    prices = [100.0, 103.0, 106.0, 104.0]
    (move,) = applied(book, *[tick("A", price, ms) for ms, price in enumerate(prices)])
    assert (move.symbol, move.direction.value, move.count) == ("A", "up", 3)
    assert (move.reference_price, move.peak_price, move.peak_percent) == (100.0, 106.0, 6.0)
    assert (move.severity.value, move.has_ended, move.change) == ("critical", False, MoveChange.OPENED)
    assert move.id == book_anomalies(prices)[0].id


def book_anomalies(prices: list[float]) -> list[PriceAnomaly]:
    return SymbolBook(RULES).apply(Ticks.of([tick("A", price, ms) for ms, price in enumerate(prices)])).events


def test_a_move_tells_its_new_peaks_and_its_end_once() -> None:
    book = SymbolBook(RULES)
    changes = [
        [move.change for move in applied(book, tick("A", price, ms))]
        for ms, price in ((0, 100.0), (1, 103.0), (2, 102.5), (3, 104.0), (4, 100.0), (1004, 100.0), (1005, 100.0))
    ]
    up = [MoveChange.OPENED], [MoveChange.CONTINUED], [MoveChange.PEAK]
    # The fall from 104 to 100 opens a move of its own; the rise ends with the first tick more than a window after it.
    assert changes == [[], *up, [MoveChange.OPENED], [MoveChange.ENDED], [MoveChange.ENDED]]


@pytest.mark.parametrize(("gap_ms", "moves"), [(1000, 1), (1001, 2)])
def test_an_anomaly_exactly_one_window_after_the_last_one_belongs_to_its_move(gap_ms: int, moves: int) -> None:
    book = SymbolBook(RULES)
    ticks = [tick("A", 100.0, 0), tick("A", 103.0, 0), tick("A", 103.0, gap_ms), tick("A", 107.0, gap_ms)]
    orders = {move.order for move in applied(book, *ticks)}
    assert len(orders) == moves


def test_late_ticks_neither_open_nor_end_a_move() -> None:
    book = SymbolBook(RULES)
    applied(book, tick("A", 100.0, 10_000), tick("A", 103.0, 10_001))
    assert applied(book, tick("A", 200.0, 9_000), tick("A", 1.0, 0)) == []


def naive(anomalies: list[PriceAnomaly], last_us: int) -> list[PriceMove]:
    """Moves by their definition."""
    found: list[PriceMove] = []
    for direction in {anomaly.direction for anomaly in anomalies}:
        own = [anomaly for anomaly in anomalies if anomaly.direction is direction]
        groups: list[list[PriceAnomaly]] = []
        for anomaly in own:
            if groups and anomaly.detected_at_us - groups[-1][-1].detected_at_us <= RULES.window_us:
                groups[-1].append(anomaly)
            else:
                groups.append([anomaly])
        for group in groups:
            peak = max(group, key=lambda each: abs(each.change_percent))
            found.append(
                PriceMove(
                    "A",
                    group[0].sequence,
                    direction,
                    group[0].detected_at_us,
                    group[-1].detected_at_us,
                    peak.reference_price,
                    peak.new_price,
                    peak.change_percent,
                    peak.severity,
                    len(group),
                    last_us - group[-1].detected_at_us > RULES.window_us,
                    MoveChange.CONTINUED,
                )
            )
    return sorted(found, key=lambda move: move.order)


def without_change(moves: list[PriceMove]) -> list[PriceMove]:
    """The last state of each move, in order."""
    last = {move.order: replace(move, change=MoveChange.CONTINUED) for move in moves}
    return [last[order] for order in sorted(last)]


@given(
    st.lists(
        st.tuples(st.integers(0, 700), st.sampled_from(PRICES)),
        max_size=60,
    ),
    st.integers(0, 2**32),
)
def test_moves_are_those_of_their_definition_however_the_ticks_are_cut_and_recovered(
    steps: list[tuple[int, Number]], seed: int
) -> None:
    ticks, ms = [], 0
    for step, price in steps:
        ms += step
        ticks.append(tick("A", price, ms))
    chance = random.Random(seed)
    book = SymbolBook(RULES)
    moves: list[PriceMove] = []
    anomalies: list[PriceAnomaly] = []
    rest = ticks
    while rest:
        size = chance.randint(1, 10)
        result = book.apply(Ticks.of(rest[:size]))
        rest = rest[size:]
        moves += result.updates
        anomalies += result.events
        if chance.random() < 0.3:
            checkpoint = book.checkpoint("A")
            book = SymbolBook(RULES)
            book.restore("A", checkpoint)
    expected = naive(anomalies, ticks[-1].timestamp_us) if ticks else []
    assert without_change(moves) == expected
