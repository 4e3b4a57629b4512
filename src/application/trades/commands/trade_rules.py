"""The validation rules of trades, whatever their source."""

from __future__ import annotations

from sys import intern

from application.errors import FieldError
from application.ports.clock import Clock
from application.processing.known_keys import KnownKeys, are_in_time
from domain.numbers import NUMBER_MAX, NUMBER_MIN, Number
from domain.symbol import InvalidSymbol, normalise_symbol
from domain.trades.trade import Trade
from domain.trades.trades import Trades

_VENUE_LENGTH_MAX = 64
_ID_LENGTH_MAX = 128


class TradeRules:
    """Checks and normalises trades.

    max_clock_skew_us: how far ahead of the clock a timestamp may be. symbols_max: how many symbols known to be valid
        are remembered.
    """

    def __init__(self, clock: Clock, max_clock_skew_us: int, symbols_max: int) -> None:
        self._clock = clock
        self._max_clock_skew_us = max_clock_skew_us
        self._known = KnownKeys(symbols_max)

    def latest_us(self) -> int:
        """Return the newest timestamp that is acceptable now."""
        return self._clock.now_us() + self._max_clock_skew_us

    def are_known_valid(self, trades: Trades, latest_us: int) -> bool:
        """Fast path: whether all trades are valid as they are. False only means that they need a full check."""
        return (
            trades.ids is None
            and trades.venues is None
            and self._known.have(trades.symbols)
            and are_in_time(trades.times_us, latest_us)
            and _are_quantities(trades.quantities)
            and (trades.prices is None or all(price is None or _is_price(price) for price in trades.prices))
        )

    def check(self, trade: Trade, latest_us: int) -> tuple[Trade, list[FieldError]]:
        """Return the trade in normalised form, and all its errors."""
        errors = []
        symbol = trade.symbol
        try:
            symbol = normalise_symbol(symbol)
        except InvalidSymbol as error:
            errors.append(FieldError("symbol", "invalid_symbol", str(error)))
        if not _is_quantity(trade.quantity):
            errors.append(FieldError("quantity", "out_of_range", f"must be between 0 and {NUMBER_MAX}"))
        if trade.price is not None and not trade.price > 0:
            errors.append(FieldError("price", "not_positive", "must be greater than 0"))
        elif trade.price is not None and not _is_price(trade.price):
            errors.append(FieldError("price", "out_of_range", f"must be between {NUMBER_MIN} and {NUMBER_MAX}"))
        if trade.timestamp_us > latest_us:
            seconds = self._max_clock_skew_us / 1_000_000
            message = f"must not be more than {seconds:g} s ahead of the server's clock"
            errors.append(FieldError("timestamp", "in_the_future", message))
        if trade.venue is not None and not _is_text(trade.venue, _VENUE_LENGTH_MAX):
            message = f"must be 1 to {_VENUE_LENGTH_MAX} printable characters"
            errors.append(FieldError("venue", "invalid_venue", message))
        if trade.id is not None and not _is_text(trade.id, _ID_LENGTH_MAX):
            errors.append(FieldError("id", "invalid_id", f"must be 1 to {_ID_LENGTH_MAX} printable characters"))
        if not errors:
            # What comes to know it by this object finds it without comparing characters.
            symbol = intern(symbol)
            self._known.add(symbol)
        return trade._replace(symbol=symbol), errors


def _are_quantities(quantities: list[Number]) -> bool:
    # A loop, because min() and max() can miss a NaN; floats first, because their comparison is compiled.
    highest = NUMBER_MAX
    for quantity in quantities:
        if isinstance(quantity, float):
            if not 0.0 <= quantity <= highest:
                return False
        elif not _is_quantity(quantity):
            return False
    return True


def _is_quantity(quantity: Number) -> bool:
    return 0 <= quantity <= NUMBER_MAX


def _is_price(price: Number) -> bool:
    return NUMBER_MIN <= price <= NUMBER_MAX


def _is_text(text: str, length_max: int) -> bool:
    return 0 < len(text) <= length_max and text.isprintable()
