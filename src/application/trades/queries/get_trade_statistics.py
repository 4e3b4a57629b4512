"""Get the statistics of the trades of one symbol."""

from application.mediator import Message
from application.processing.get_state import GetState
from domain.trades.trade_statistics import TradeStatistics


class GetTradeStatistics(GetState, Message[TradeStatistics]):
    __slots__ = ()
