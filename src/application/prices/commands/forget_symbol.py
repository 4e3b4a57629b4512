"""Forget a symbol and its past."""

from dataclasses import dataclass

from application.errors import SymbolNotFound
from application.mediator import Message
from application.ports.journal import Forgetting
from application.prices.ports.statistics_repository import StatisticsRepository
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class ForgetSymbol(Message[None]):
    """Answered once nothing is known of the symbol any more."""

    symbol: str


class ForgetSymbolValidator:
    """Raises SymbolNotFound for an invalid symbol, as for a valid one without prices."""

    def validate(self, command: ForgetSymbol) -> ForgetSymbol:
        try:
            return ForgetSymbol(normalise_symbol(command.symbol))
        except InvalidSymbol:
            raise SymbolNotFound(ascii(command.symbol[:64])) from None


class ForgetSymbolHandler:
    """Raises SymbolNotFound if no price of the symbol has been processed, StorageFailed."""

    def __init__(self, repository: StatisticsRepository, journal: Forgetting, subject: str) -> None:
        self._repository = repository
        self._journal = journal
        self._subject = subject

    async def handle(self, command: ForgetSymbol) -> None:
        is_known = await self._repository.get(command.symbol) is not None
        # A retry, after the storage failed.
        if not is_known and not self._journal.is_forgetting(self._subject, command.symbol):
            raise SymbolNotFound(command.symbol)
        await self._journal.forget(self._subject, command.symbol)
