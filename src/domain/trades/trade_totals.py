"""What the trades of all symbols of one writer add up to."""

from __future__ import annotations

from domain.exact_sum import ExactSum


class TradeTotals:
    """Of all trades, those of forgotten symbols included: none of these numbers ever falls."""

    __slots__ = ("bought", "buy_count", "newest_us", "sell_count", "sold")

    def __init__(self) -> None:
        self.buy_count: int = 0
        self.sell_count: int = 0
        self.bought = ExactSum()
        self.sold = ExactSum()
        # Before the first trade, older than any.
        self.newest_us: int = -(2**63)
