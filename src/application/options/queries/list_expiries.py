"""List the expiries of a product."""

from dataclasses import dataclass

from application.mediator import Message
from application.options.ports.option_repository import OptionRepository
from application.options.queries.find_chain import found_product
from domain.options.chain import ProductChains


@dataclass(frozen=True, slots=True)
class ListExpiries(Message[ProductChains]):
    product: str


class ListExpiriesHandler:
    """Raises OptionNotFound."""

    def __init__(self, repository: OptionRepository) -> None:
        self._repository = repository

    async def handle(self, query: ListExpiries) -> ProductChains:
        return found_product(self._repository, query.product)
