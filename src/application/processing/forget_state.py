"""Forget a symbol and its past, for any subject."""

from dataclasses import dataclass
from typing import Any

from application.errors import SymbolNotFound
from application.ports.journal import Forgetting
from application.ports.states import StateRepository


@dataclass(frozen=True, slots=True)
class ForgetState:
    """Answered once nothing is known of the symbol any more."""

    symbol: str


class ForgetStateHandler:
    """Raises SymbolNotFound if the symbol has no observation, StorageFailed."""

    def __init__(self, repository: StateRepository[Any], journal: Forgetting, subject: str, observation: str) -> None:
        self._repository = repository
        self._journal = journal
        self._subject = subject
        self._observation = observation

    async def handle(self, command: ForgetState) -> None:
        is_known = await self._repository.get(command.symbol) is not None
        # A retry, after the storage failed.
        if not is_known and not self._journal.is_forgetting(self._subject, command.symbol):
            raise SymbolNotFound(command.symbol, self._observation)
        await self._journal.forget(self._subject, command.symbol)
