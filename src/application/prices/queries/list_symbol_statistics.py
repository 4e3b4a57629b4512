"""List the statistics of many symbols."""

from application.mediator import Message
from application.ports.states import StatePage
from application.processing.list_states import ListStates
from domain.prices.symbol_statistics import SymbolStatistics


class ListSymbolStatistics(ListStates, Message[StatePage[SymbolStatistics]]):
    __slots__ = ()
