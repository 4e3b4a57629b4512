"""Get the volatility surface of a product."""

from dataclasses import dataclass

from application.mediator import Message
from application.options.chain_analysis import Analyses
from application.options.ports.option_repository import OptionRepository
from application.options.queries.find_chain import found_product
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot
from domain.options.surface import ArbitrageFlag, Smile, arbitrage, smile_of


@dataclass(frozen=True, slots=True)
class VolatilitySurface:
    """as_of_us: time of the product's newest quote. updates: quotes of the product taken so far.

    spots: that the chains are valued with, the nearest first.
    """

    product: str
    as_of_us: int
    updates: int
    smiles: tuple[Smile, ...]
    flags: tuple[ArbitrageFlag, ...]
    spots: tuple[Spot | None, ...]


@dataclass(frozen=True, slots=True)
class GetVolatilitySurface(Message[VolatilitySurface]):
    """min_strike, max_strike: both included. max_age_us: of quotes, against the newest one of the product."""

    product: str
    min_strike: float | None = None
    max_strike: float | None = None
    max_age_us: int | None = None


class GetVolatilitySurfaceHandler:
    """Raises OptionNotFound."""

    def __init__(self, repository: OptionRepository, analyses: Analyses) -> None:
        self._repository = repository
        self._analyses = analyses

    async def handle(self, query: GetVolatilitySurface) -> VolatilitySurface:
        product = found_product(self._repository, query.product)
        oldest_us = None if query.max_age_us is None else product.newest_us - query.max_age_us

        def wanted(quote: OptionQuote) -> bool:
            return (
                (query.min_strike is None or quote.strike >= query.min_strike)
                and (query.max_strike is None or quote.strike <= query.max_strike)
                and (oldest_us is None or quote.timestamp_us >= oldest_us)
            )

        analyses = [self._analyses.of(chain) for chain in product.chains.values()]
        found = [smile_of(each.chain, each.value, wanted) for each in analyses]
        smiles = [smile for smile in found if smile is not None]
        return VolatilitySurface(
            product.product,
            product.newest_us,
            product.updates,
            tuple(smiles),
            tuple(arbitrage(smiles)),
            tuple(each.spot for each in analyses),
        )
