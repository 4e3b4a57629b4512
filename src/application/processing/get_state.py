"""Get the state of one symbol, for any subject."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from application.errors import SymbolNotFound
from application.ports.states import StateRepository
from application.processing.known_symbol import known_symbol


@dataclass(frozen=True, slots=True)
class GetState:
    symbol: str


Q = TypeVar("Q", bound=GetState)


class GetStateValidator:
    """Raises SymbolNotFound for an invalid symbol, as for a valid one without observations.

    observation: what a symbol has, such as a price.
    """

    def __init__(self, observation: str) -> None:
        self._observation = observation

    def validate(self, query: Q) -> Q:
        symbol = known_symbol(query.symbol, self._observation)
        return query if symbol == query.symbol else replace(query, symbol=symbol)


class GetStateHandler:
    """Raises SymbolNotFound if the symbol has no observation."""

    def __init__(self, repository: StateRepository[Any], observation: str) -> None:
        self._repository = repository
        self._observation = observation

    async def handle(self, query: GetState) -> Any:
        state = await self._repository.get(query.symbol)
        if state is None:
            raise SymbolNotFound(query.symbol, self._observation)
        return state
