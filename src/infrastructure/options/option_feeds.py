"""The live feeds of options: contracts, chains, and summaries, all from the changes of one tracker."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from application.options.chain_analysis import Analyses, ChainAnalysis
from application.options.ports.option_repository import OptionRepository
from application.options.queries.get_option_contract import contract_in
from application.ports.live_feed import Changes, LiveFeed
from domain.options.chain import Chain
from domain.options.option_book import ChainChange
from domain.options.option_quote import OptionQuote, chain_name, contract_name

_DAY_LENGTH = len("2026-01-29")


class OptionFeeds:
    """Turns the changes of products into those of contracts and chains. quotes, chains, summaries: a feed each.

    source: the feed of products. One event loop; whoever takes first takes for all three.
    """

    def __init__(self, source: LiveFeed, repository: OptionRepository, analyses: Analyses) -> None:
        self._source = source
        self._repository = repository
        self._analyses = analyses
        self.quotes = _Feed(self, self._quote, self._contracts)
        self.chains = _Feed(self, self._analysis, self._chain_names)
        self.summaries = _Feed(self, self._analysis, self._chain_names)

    def watch(self, watching: bool) -> None:
        self._source.watch(watching)
        for feed in (self.quotes, self.chains, self.summaries):
            feed.pending.clear()

    def pull(self) -> None:
        """Distribute what has changed since the last call."""
        for event in self._source.take().events:
            if isinstance(event, ChainChange):
                self.quotes.pending.update(contract_name(event.product, event.expiry, *key) for key in event.contracts)
                name = chain_name(event.product, event.expiry)
                self.chains.pending.add(name)
                self.summaries.pending.add(name)

    def _quote(self, name: str) -> OptionQuote | None:
        product = self._repository.chains(_product_of(name.rpartition("-")[0].rpartition("-")[0]))
        return None if product is None else contract_in(product, name)

    def _analysis(self, name: str) -> ChainAnalysis | None:
        product = self._repository.chains(_product_of(name))
        chain = None if product is None else product.chains.get(name[-_DAY_LENGTH:])
        return None if chain is None else self._analyses.of(chain)

    def _all_chains(self) -> list[Chain]:
        found = map(self._repository.chains, self._repository.products())
        return [chain for each in found if each is not None for chain in each.chains.values()]

    def _chain_names(self) -> Sequence[str]:
        return sorted(chain.name for chain in self._all_chains())

    def _contracts(self) -> Sequence[str]:
        return sorted(quote.contract for chain in self._all_chains() for quote in chain.contracts.values())


class _Feed:
    """The `LiveFeed` of one channel. pending: keys that changed since they were taken."""

    def __init__(self, feeds: OptionFeeds, snapshot: Callable[[str], Any], keys: Callable[[], Sequence[str]]) -> None:
        self.pending: set[str] = set()
        self.snapshot = snapshot
        self.keys = keys
        self._feeds = feeds

    def watch(self, watching: bool) -> None:
        self._feeds.watch(watching)

    def observe(self, keys: Collection[str]) -> None:
        """No channel of options is of single observations."""

    def take(self) -> Changes:
        self._feeds.pull()
        taken, self.pending = self.pending, set()
        return Changes(taken, ())


def _product_of(name: str) -> str:
    return name[: -_DAY_LENGTH - 1]
