"""The messages about trades: their shapes and an example of each."""

from typing import Any

import msgspec

from api.reference.trade_examples import STATISTICS, STORED_TRADE
from api.views.trades import TradeStatisticsView, TradeView
from api.views.view import View


class TradesSnapshot(View, frozen=True):
    """The current statistics of the trades of symbols just subscribed to. last: false if another snapshot follows."""

    trades: list[TradeStatisticsView]
    last: bool


class TradesMessage(View, frozen=True):
    """The latest statistics of the trades of symbols that changed."""

    trades: list[TradeStatisticsView]


class Execution(View, frozen=True):
    """A trade."""

    execution: TradeView


class ExecutionsGap(View, frozen=True):
    """executions: how many were dropped because the subscriber did not keep up."""

    executions: int


SHAPES: dict[str, type[msgspec.Struct]] = {
    "snapshot": TradesSnapshot,
    "trades": TradesMessage,
    "execution": Execution,
    "gap": ExecutionsGap,
}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "trades": (
        "The latest statistics of trades, each symbol at most once an interval. Only on the channel `trades`.",
        {"type": "trades", "seq": 4, "trades": [STATISTICS]},
    ),
    "execution": (
        "A trade. Each one is sent, on the channel `executions`, of symbols that are named one by one.",
        {"type": "execution", "seq": 5, "execution": STORED_TRADE},
    ),
}
