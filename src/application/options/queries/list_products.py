"""List the products that have options."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.mediator import Message
from application.options.ports.option_repository import OptionRepository
from domain.options.chain import ProductChains


@dataclass(frozen=True, slots=True)
class ListOptionProducts(Message[Sequence[ProductChains]]):
    """prefixes: of the products that the asker may see; none for all."""

    prefixes: tuple[str, ...] = ()


class ListOptionProductsHandler:
    def __init__(self, repository: OptionRepository) -> None:
        self._repository = repository

    async def handle(self, query: ListOptionProducts) -> Sequence[ProductChains]:
        found = map(self._repository.chains, self._repository.products(query.prefixes))
        return [each for each in found if each is not None]
