"""List the statistics of the trades of many symbols."""

from application.mediator import Message
from application.ports.states import StatePage
from application.processing.list_states import ListStates
from domain.trades.trade_statistics import TradeStatistics


class ListTradeStatistics(ListStates, Message[StatePage[TradeStatistics]]):
    __slots__ = ()
