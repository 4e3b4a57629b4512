"""Get the statistics of one symbol."""

from application.mediator import Message
from application.processing.get_state import GetState
from domain.prices.symbol_statistics import SymbolStatistics


class GetSymbolStatistics(GetState, Message[SymbolStatistics]):
    __slots__ = ()
