"""Get what a chain says: its contracts, and all figures of it."""

from dataclasses import dataclass

from application.mediator import Message
from application.options.chain_analysis import Analyses, ChainAnalysis
from application.options.ports.option_repository import OptionRepository
from application.options.queries.find_chain import found_chain, found_product


@dataclass(frozen=True, slots=True)
class GetChainAnalysis(Message[ChainAnalysis]):
    """expiry: of the nearest one that is not over, if None."""

    product: str
    expiry: str | None = None


class GetChainAnalysisHandler:
    """Answers with the same object until the chain or its spot changes. Raises OptionNotFound."""

    def __init__(self, repository: OptionRepository, analyses: Analyses) -> None:
        self._repository = repository
        self._analyses = analyses

    async def handle(self, query: GetChainAnalysis) -> ChainAnalysis:
        product = found_product(self._repository, query.product)
        return self._analyses.of(found_chain(product, query.expiry, self._analyses.model))
