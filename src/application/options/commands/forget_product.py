"""Forget a product: its chains and their past."""

from dataclasses import dataclass

from application.errors import OptionNotFound
from application.mediator import Message
from application.options.ports.option_repository import OptionRepository
from application.ports.journal import Forgetting
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class ForgetProduct(Message[None]):
    """Answered once nothing is known of the options of the product any more."""

    product: str


class ForgetProductValidator:
    """Raises OptionNotFound for an invalid product, as for a valid one without quotes."""

    def validate(self, command: ForgetProduct) -> ForgetProduct:
        try:
            return ForgetProduct(normalise_symbol(command.product))
        except InvalidSymbol:
            raise OptionNotFound("product", command.product) from None


class ForgetProductHandler:
    """Raises OptionNotFound if no quote of the product has been processed, StorageFailed."""

    def __init__(self, repository: OptionRepository, journal: Forgetting, subject: str) -> None:
        self._repository = repository
        self._journal = journal
        self._subject = subject

    async def handle(self, command: ForgetProduct) -> None:
        is_known = self._repository.chains(command.product) is not None
        # A retry, after the storage failed.
        if not is_known and not self._journal.is_forgetting(self._subject, command.product):
            raise OptionNotFound("product", command.product)
        await self._journal.forget(self._subject, command.product)
