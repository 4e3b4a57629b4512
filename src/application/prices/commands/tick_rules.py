"""The validation rules of ticks, whatever their source."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern

from application.errors import FieldError
from application.ports.clock import Clock
from application.processing.known_keys import KnownKeys, are_in_time
from domain.numbers import NUMBER_MAX, NUMBER_MIN, Number
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from domain.symbol import InvalidSymbol, normalise_symbol

TICK_ID_LENGTH_MAX = 128


class TickRules:
    """Checks and normalises ticks one at a time.

    max_clock_skew_us: how far ahead of the clock a timestamp may be; one feeder with a wrong clock must not freeze a
        symbol by making all others late.
    symbols_max: how many symbols known to be valid are remembered.
    """

    def __init__(self, clock: Clock, max_clock_skew_us: int, symbols_max: int) -> None:
        self._clock = clock
        self._max_clock_skew_us = max_clock_skew_us
        self._known = KnownKeys(symbols_max)

    def latest_us(self) -> int:
        """Return the newest timestamp that is acceptable now."""
        return self._clock.now_us() + self._max_clock_skew_us

    def are_known_valid(self, ticks: Ticks, latest_us: int) -> bool:
        """Fast path: whether all ticks are valid as they are, as those of a busy feeder nearly always are.

        False only means that they need a full check.
        """
        return (
            ticks.ids is None
            and self._known.have(ticks.symbols)
            and are_in_time(ticks.times_us, latest_us)
            and _are_prices(ticks.prices)
            and (ticks.volumes is None or _are_volumes(ticks.volumes))
        )

    def is_known_valid(self, update: PriceUpdate, latest_us: int) -> bool:
        """Like `are_known_valid`, for one tick."""
        return (
            self._known.has(update.symbol)
            and update.timestamp_us <= latest_us
            and NUMBER_MIN <= update.price <= NUMBER_MAX
            and (update.volume is None or 0 <= update.volume <= NUMBER_MAX)
            and update.id is None
        )

    def check(self, update: PriceUpdate, latest_us: int) -> tuple[PriceUpdate, list[FieldError]]:
        """Return the tick in normalised form, and all its errors."""
        errors = []
        symbol = update.symbol
        try:
            symbol = normalise_symbol(symbol)
        except InvalidSymbol as error:
            errors.append(FieldError("symbol", "invalid_symbol", str(error)))
        if not update.price > 0:
            errors.append(FieldError("price", "not_positive", "must be greater than 0"))
        elif not NUMBER_MIN <= update.price <= NUMBER_MAX:
            errors.append(FieldError("price", "out_of_range", f"must be between {NUMBER_MIN} and {NUMBER_MAX}"))
        if update.timestamp_us > latest_us:
            seconds = self._max_clock_skew_us / 1_000_000
            message = f"must not be more than {seconds:g} s ahead of the server's clock"
            errors.append(FieldError("timestamp", "in_the_future", message))
        if update.volume is not None and not 0 <= update.volume <= NUMBER_MAX:
            errors.append(FieldError("volume", "out_of_range", f"must be between 0 and {NUMBER_MAX}"))
        if update.id is not None and not (0 < len(update.id) <= TICK_ID_LENGTH_MAX and update.id.isprintable()):
            message = f"must be 1 to {TICK_ID_LENGTH_MAX} printable characters"
            errors.append(FieldError("id", "invalid_id", message))
        if not errors:
            # What comes to know it by this object finds it without comparing characters.
            symbol = intern(symbol)
            self._known.add(symbol)
        return update._replace(symbol=symbol), errors


def _are_prices(prices: list[Number]) -> bool:
    # A loop, because min() and max() can miss a NaN; floats first, because their comparison is compiled.
    lowest, highest = NUMBER_MIN, NUMBER_MAX
    for price in prices:
        if isinstance(price, float):
            if not lowest <= price <= highest:
                return False
        elif not lowest <= price <= highest:
            return False
    return True


def _are_volumes(volumes: Sequence[Number | None]) -> bool:
    return all(volume is None or 0 <= volume <= NUMBER_MAX for volume in volumes)
