"""What the trades of all symbols add up to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from domain.exact_sum import ExactSum

if TYPE_CHECKING:
    from mypy_extensions import i64


class TradeTotals:
    """Of all trades, those of forgotten symbols included: none of these numbers ever falls.

    One event loop: the books of all partitions add to one object.
    """

    __slots__ = ("bought", "buy_count", "newest_us", "sell_count", "sold")

    def __init__(self) -> None:
        self.buy_count: i64 = 0
        self.sell_count: i64 = 0
        self.bought = ExactSum()
        self.sold = ExactSum()
        # 0 before the first trade.
        self.newest_us: i64 = 0

    def add_units(self, units: int, is_buy: bool) -> None:
        if is_buy:
            self.buy_count += 1
            self.bought.add_units(units)
        else:
            self.sell_count += 1
            self.sold.add_units(units)

    def add_odd(self, quantity: Decimal, is_buy: bool) -> None:
        if is_buy:
            self.buy_count += 1
            self.bought.add_odd(quantity)
        else:
            self.sell_count += 1
            self.sold.add_odd(quantity)
