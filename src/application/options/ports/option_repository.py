"""The option repository port."""

from collections.abc import Sequence
from typing import Protocol

from domain.options.chain import ProductChains
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot


class OptionRepository(Protocol):
    """The chains as they are now. In memory, so that the live stream can ask too: nothing waits."""

    def products(self, prefixes: tuple[str, ...] = ()) -> Sequence[str]:
        """Return the products that begin with one of the prefixes, sorted; all of them for none."""
        ...

    def chains(self, product: str) -> ProductChains | None:
        """Return the same object until the product changes."""
        ...

    def contract(self, product: str, symbol: str) -> OptionQuote | None:
        """Return the newest quote of the contract that a feeder calls so."""
        ...


class SpotPrices(Protocol):
    """The newest prices of underlyings, from the subject of prices."""

    def spot(self, product: str) -> Spot | None:
        """Return the newest price; None if there is none that is new enough."""
        ...
