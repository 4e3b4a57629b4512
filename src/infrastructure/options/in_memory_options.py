"""The chains of all products, from memory."""

from collections.abc import Sequence

from domain.options.chain import ProductChains
from domain.options.option_book import OptionBook
from domain.options.option_quote import OptionQuote
from domain.symbol import starting_with
from infrastructure.processing.placement import partition_of
from infrastructure.processing.snapshots import Snapshots


class InMemoryOptions:
    """The `OptionRepository` over the workers' states. books: one per partition."""

    def __init__(self, snapshots: Snapshots, books: Sequence[OptionBook]) -> None:
        self._snapshots = snapshots
        self._books = books

    def products(self, prefixes: tuple[str, ...] = ()) -> Sequence[str]:
        names: Sequence[str] = self._snapshots.keys()
        if not prefixes:
            return names
        return [name for prefix in sorted(prefixes) for name in starting_with(names, prefix)]

    def chains(self, product: str) -> ProductChains | None:
        found: ProductChains | None = self._snapshots.snapshot(product)
        return found

    def contract(self, product: str, symbol: str) -> OptionQuote | None:
        return self._books[partition_of(product, len(self._books))].contract(product, symbol)
