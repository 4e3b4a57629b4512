"""The chains of all products, from memory."""

from collections.abc import Sequence

from domain.options.chain import ProductChains
from domain.symbol import starting_with
from infrastructure.options.contracts import Contracts
from infrastructure.processing.snapshots import Snapshots


class InMemoryOptions:
    """The `OptionRepository` over the workers' states."""

    def __init__(self, snapshots: Snapshots, contracts: Contracts) -> None:
        self._snapshots = snapshots
        self.contract = contracts.contract

    def products(self, prefixes: tuple[str, ...] = ()) -> Sequence[str]:
        names: Sequence[str] = self._snapshots.keys()
        if not prefixes:
            return names
        return [name for prefix in sorted(prefixes) for name in starting_with(names, prefix)]

    def chains(self, product: str) -> ProductChains | None:
        found: ProductChains | None = self._snapshots.snapshot(product)
        return found
