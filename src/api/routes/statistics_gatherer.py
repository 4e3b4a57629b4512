"""Gathers requests for single symbols that arrive together, and answers them out of one page."""

from collections.abc import Sequence

from api.http.encoded_states import EncodedStates
from api.http.gathering import Outcome
from api.http.request_options import RequestOptions
from application.errors import SymbolNotFound
from application.mediator import Mediator
from application.prices.queries.list_symbol_statistics import ListSymbolStatistics
from application.processing.known_symbol import known_symbol


class StatisticsGatherer:
    """The `Gatherer` of `GET /api/prices/{symbol}`. page_max: the largest page."""

    def __init__(self, mediator: Mediator, states: EncodedStates, page_max: int) -> None:
        self.requests_max = page_max
        self.status = 200
        self._mediator = mediator
        self._states = states
        self._symbols: list[str] = []

    def takes(self, options: RequestOptions) -> bool:
        return not options.known_tags

    def add(self, symbol: str) -> bool:
        try:
            self._symbols.append(known_symbol(symbol, "price"))
        except SymbolNotFound:
            return False
        return True

    async def process(self) -> Sequence[Outcome]:
        symbols, self._symbols = self._symbols, []
        distinct = tuple(dict.fromkeys(symbols))
        page = await self._mediator.send(ListSymbolStatistics(distinct, limit=len(distinct)))
        answers = {item.symbol: self._states.answer(item.symbol, item) for item in page.items}
        return [answers.get(symbol) or SymbolNotFound(symbol) for symbol in symbols]
