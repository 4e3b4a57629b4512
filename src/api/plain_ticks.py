"""The quick reader's judgement: whether anything can have been lost between a body and what was decoded from it."""

from collections.abc import Callable, Iterable
from functools import partial

from api.timestamps import EARLIEST_US, LATEST_US, from_rfc3339
from domain.price import Price, read_number
from domain.price_update import PriceUpdate

# symbol, price, timestamp, volume, id, as they were decoded.
Row = tuple[str, float | str, int | str | None, float | str | None, str | None]

# A float has been given all the digits that were written if there were at most 15 of them, and if it is neither so
# large that they may stand for an integer of 16 nor so small that floats lose digits.
_EXACT_BELOW = 1e15
_EXACT_ABOVE = 1e-300
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(i) in "0123456789." else ord("x") for i in range(256))
# Fifteen digits and a point: sixteen digits without one may be more than a float keeps, whatever exponent follows.
_TOO_MANY_DIGITS = b"0" * 16

# What PriceUpdate() does, less the Python function in between, which would take half of the loop.
_update: Callable[[tuple[str, Price, int, Price | None, str | None]], PriceUpdate] = partial(tuple.__new__, PriceUpdate)


class NotPlain(Exception):
    """Something may have been lost; the careful reader shall look."""


def plain_updates(  # noqa: PLR0912  # a loop without calls, for its speed
    rows: Iterable[Row], body: bytes, now_us: int
) -> list[PriceUpdate]:
    """The ticks of the rows, if nothing can have been lost.

    One pass, which also adds up the quotation marks that the ticks take when no key stands twice and no text holds an
    escaped one: two for every key, two for every text.

    Raises:
        NotPlain: something may have been.
        InvalidTimestamp: a timestamp is none.
        InvalidNumber: a price or volume in a string is none.
    """
    updates = []
    quotes = 0
    for symbol, written_price, timestamp, written_volume, tick_id in rows:
        if isinstance(timestamp, int):
            time_us = timestamp * 1000
            if not EARLIEST_US <= time_us <= LATEST_US:
                raise NotPlain
            quotes += 8
        elif timestamp is None:
            time_us = now_us
            quotes += 6
        else:
            time_us = from_rfc3339(timestamp)
            quotes += 10
        price: Price
        if isinstance(written_price, float):
            price = written_price
            if not _EXACT_ABOVE < price < _EXACT_BELOW:
                raise NotPlain
        else:
            price = read_number(written_price)
            quotes += 2
        volume: Price | None = None
        if isinstance(written_volume, float):
            volume = written_volume
            if volume and not _EXACT_ABOVE < volume < _EXACT_BELOW:
                raise NotPlain
            quotes += 2
        elif written_volume is not None:
            volume = read_number(written_volume)
            quotes += 4
        if tick_id is not None:
            quotes += 4
        updates.append(_update((symbol, price, time_us, volume, tick_id)))
    if quotes != body.count(b'"') or _TOO_MANY_DIGITS in body.translate(_DIGITS_AS_ZEROS):
        raise NotPlain
    return updates
