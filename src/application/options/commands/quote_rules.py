"""The rules of validity of option quotes, whatever their source."""

import re
from datetime import date
from functools import lru_cache

from application.errors import FieldError
from application.ports.clock import Clock
from domain.numbers import NUMBER_MAX, NUMBER_MIN, Number
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.symbol import SYMBOL_LENGTH_MAX, SYMBOL_RULE, InvalidSymbol, normalise_symbol

QUOTE_ID_LENGTH_MAX = 128
# With these, a strike from 1 on with the digits of a double fits into the name of a contract.
STRIKE_MAX = 1e15
PRODUCT_LENGTH_MAX = 32
FORBIDDEN_PRODUCT = FieldError("product", "forbidden_symbol", "must be one of the symbols of your key")
# What a quote may say about its contract; all of it may be left out, and none of it is negative.
_AMOUNTS = (
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "last",
    "volume",
    "open_interest",
    "previous_open_interest",
    "previous_close",
    "iv",
)
_WIRE = {name: re.sub("_(.)", lambda match: match.group(1).upper(), name) for name in _AMOUNTS}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class QuoteRules:
    """Checks and normalises quotes one at a time.

    max_clock_skew_us: how far ahead of the clock a quote's time may be.
    """

    def __init__(self, clock: Clock, max_clock_skew_us: int) -> None:
        self._clock = clock
        self._max_clock_skew_us = max_clock_skew_us

    def latest_us(self) -> int:
        """Return the newest time that is acceptable now."""
        return self._clock.now_us() + self._max_clock_skew_us

    def are_known_valid(self, quotes: OptionQuotes, latest_us: int) -> bool:
        """Fast path: whether all quotes are valid as they are. False only means that they need a full check."""
        products, expiries, strikes, _, times_us, *amounts, spots, symbols, ids = zip(*quotes.quotes, strict=True)
        return (
            symbols.count(None) == ids.count(None) == len(quotes)
            and max(times_us) <= latest_us
            and all(_symbol(product) == product and len(product) <= PRODUCT_LENGTH_MAX for product in set(products))
            and all(map(_is_day, set(expiries)))
            and set(map(type, strikes)) == {float}
            and min(strikes) >= 1
            and max(strikes) <= STRIKE_MAX
            and all(map(_are_amounts, amounts))
            and all(spot is None or NUMBER_MIN <= spot <= NUMBER_MAX for spot in set(spots))
        )

    def check(self, quote: OptionQuote, latest_us: int) -> tuple[OptionQuote, list[FieldError]]:
        """Return the quote in normalised form, and all its errors."""
        errors = []
        product, symbol = _symbol(quote.product), None if quote.symbol is None else _symbol(quote.symbol)
        for field, value, given in (("product", product, quote.product), ("symbol", symbol, quote.symbol)):
            if value is None and given is not None:
                errors.append(FieldError(field, "invalid_symbol", f"must be {SYMBOL_RULE}"))
        if product is not None and len(product) > PRODUCT_LENGTH_MAX:
            errors.append(FieldError("product", "too_long", f"must have at most {PRODUCT_LENGTH_MAX} characters"))
        if not _is_day(quote.expiry):
            errors.append(FieldError("expiry", "invalid_date", "must be a day such as 2026-01-29"))
        if not quote.strike > 0:
            errors.append(FieldError("strike", "not_positive", "must be greater than 0"))
        elif not NUMBER_MIN <= quote.strike <= STRIKE_MAX:
            errors.append(FieldError("strike", "out_of_range", f"must be at most {STRIKE_MAX:g}"))
        elif len(quote.product) <= PRODUCT_LENGTH_MAX and len(quote.contract) > SYMBOL_LENGTH_MAX:
            message = f"makes {quote.contract[:80]}, a name of more than {SYMBOL_LENGTH_MAX} characters"
            errors.append(FieldError("strike", "too_long", message))
        for name in _AMOUNTS:
            value = getattr(quote, name)
            if value is not None and not 0 <= value <= NUMBER_MAX:
                errors.append(FieldError(_WIRE[name], "out_of_range", f"must be between 0 and {NUMBER_MAX}"))
        if quote.spot is not None and not NUMBER_MIN <= quote.spot <= NUMBER_MAX:
            errors.append(FieldError("spotPrice", "not_positive", "must be greater than 0"))
        if quote.timestamp_us > latest_us:
            seconds = self._max_clock_skew_us / 1_000_000
            message = f"must not be more than {seconds:g} s ahead of the server's clock"
            errors.append(FieldError("timestamp", "in_the_future", message))
        if quote.id is not None and not (0 < len(quote.id) <= QUOTE_ID_LENGTH_MAX and quote.id.isprintable()):
            message = f"must be 1 to {QUOTE_ID_LENGTH_MAX} printable characters"
            errors.append(FieldError("id", "invalid_id", message))
        return (quote if errors else quote._replace(product=product or "", symbol=symbol)), errors


def _are_amounts(column: tuple[Number | None, ...]) -> bool:
    """Of one field. A number is not NaN."""
    missing = column.count(None)
    if missing == len(column):
        return True
    given = [each for each in column if each is not None] if missing else column
    return min(given) >= 0 and max(given) <= NUMBER_MAX  # type: ignore[operator,type-var]  # no None is left


@lru_cache(maxsize=4096)
def _symbol(text: str) -> str | None:
    try:
        return normalise_symbol(text)
    except InvalidSymbol:
        return None


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        return _DAY.match(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
