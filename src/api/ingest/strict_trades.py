"""The strict parser of one trade, which reports every invalid field."""

from typing import Any

from api.ingest.strict_fields import Unreadable, object_of, optional, read_decimal, read_moment, read_text, unexpected
from application.errors import FieldError
from domain.trades.trade import Side, Trade

FIELDS = ("symbol", "side", "quantity", "price", "venue", "timestamp", "sentAt", "id")
_SIDES = {side.value: side for side in Side}


def read_trade(value: Any, now_us: int, default_symbol: str) -> Trade:
    """Read a trade from a JSON value; `now_us` is when it was received. Raises Unreadable."""
    item = object_of(value)
    errors = unexpected(item, "trade", FIELDS)
    symbol = optional(read_text, item, "symbol", errors)
    named = read_text(item, "side", errors)
    side = None if named is None else _SIDES.get(named)
    if named is not None and side is None:
        errors.append(FieldError("side", "unknown_value", f"must be one of {', '.join(_SIDES)}"))
    quantity = read_decimal(item, "quantity", errors)
    price = optional(read_decimal, item, "price", errors)
    venue = optional(read_text, item, "venue", errors)
    timestamp_us = read_moment(item, "timestamp", errors)
    sent_us = read_moment(item, "sentAt", errors)
    trade_id = optional(read_text, item, "id", errors)
    if errors or side is None or quantity is None:
        raise Unreadable(errors)
    return Trade(
        default_symbol if symbol is None else symbol,
        side,
        quantity,
        now_us if timestamp_us is None else timestamp_us,
        price,
        venue,
        trade_id,
        None if sent_us is None else now_us - sent_us,
    )
