"""Contracts by the names that feeders call them."""

from collections.abc import Sequence
from typing import Protocol

from domain.options.chain import ProductChains
from domain.options.option_book import OptionBook
from domain.options.option_quote import OptionQuote
from infrastructure.processing.placement import partition_of
from infrastructure.processing.snapshots import Snapshots

_PRODUCTS_MAX = 1024


class Contracts(Protocol):
    def contract(self, product: str, symbol: str) -> OptionQuote | None: ...


class BookContracts:
    """From the workers' states. books: one per partition."""

    def __init__(self, books: Sequence[OptionBook]) -> None:
        self._books = books

    def contract(self, product: str, symbol: str) -> OptionQuote | None:
        return self._books[partition_of(product, len(self._books))].contract(product, symbol)


class SnapshotContracts:
    """From snapshots alone. O(contracts) once after a change of the product."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._named: dict[str, tuple[ProductChains, dict[str, OptionQuote]]] = {}

    def contract(self, product: str, symbol: str) -> OptionQuote | None:
        found: ProductChains | None = self._snapshots.snapshot(product)
        if found is None:
            return None
        known = self._named.get(product)
        if known is None or known[0] is not found:
            if len(self._named) >= _PRODUCTS_MAX:
                self._named.clear()
            known = self._named[product] = (found, _by_name(found))
        return known[1].get(symbol)


def _by_name(product: ProductChains) -> dict[str, OptionQuote]:
    named: dict[str, OptionQuote] = {}
    for chain in product.chains.values():
        for quote in chain.contracts.values():
            if quote.symbol is not None:
                named.setdefault(quote.symbol, quote)
    return named
