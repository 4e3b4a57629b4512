"""The strict parser of one tick, which reports every invalid field."""

from typing import Any

from api.ingest.strict_fields import Unreadable, object_of, optional, read_decimal, read_moment, read_text, unexpected
from domain.prices.price_update import PriceUpdate

FIELDS = ("symbol", "price", "timestamp", "volume", "id")


def read_tick(value: Any, now_us: int) -> PriceUpdate:
    """Read a tick from a JSON value; `now_us` is the default timestamp. Raises Unreadable."""
    item = object_of(value)
    errors = unexpected(item, "tick", FIELDS)
    symbol = read_text(item, "symbol", errors)
    price = read_decimal(item, "price", errors)
    timestamp_us = read_moment(item, "timestamp", errors)
    volume = optional(read_decimal, item, "volume", errors)
    tick_id = optional(read_text, item, "id", errors)
    if errors or symbol is None or price is None:
        raise Unreadable(errors)
    return PriceUpdate(symbol, price, now_us if timestamp_us is None else timestamp_us, volume, tick_id)
