"""The states of all products of one writer, and what a batch of quotes does to them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from domain.book import Applied
from domain.options.chain import Chain, ContractKey, ProductChains
from domain.options.chain_state import ChainState
from domain.options.option_figures import OptionFigures
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.options.positions import positions_of
from domain.options.spot import spot_of
from domain.options.summary import ChainSummary, summary_of
from domain.options.summary_interval import SummaryInterval

_SECOND_US = 1_000_000


@dataclass(frozen=True)
class SummaryPoint:
    """The summary of a chain at the end of an interval of the history that starts at `start_us`."""

    interval: SummaryInterval
    start_us: int
    summary: ChainSummary


@dataclass(frozen=True)
class ChainChange:
    """Contracts of a chain that a batch has changed."""

    product: str
    expiry: str
    contracts: tuple[ContractKey, ...]


class ContractLimit(Exception):
    """The product has as many contracts as one may have."""


class ProductState:
    """All chains of a product. updates, newest_us: over all its quotes."""

    def __init__(self, product: str) -> None:
        self.product = product
        self.updates = 0
        self.newest_us = -(1 << 62)
        self.chains: dict[str, ChainState] = {}
        # The feeders' own names of its contracts.
        self.symbols: dict[str, tuple[str, ContractKey]] = {}

    @property
    def contracts(self) -> int:
        return sum(len(chain.contracts) for chain in self.chains.values())


class OptionBook:
    """The `Book` of options. Its updates are the changed chains.

    Its events are `SummaryPoint`s of intervals that have ended, and `ChainPositions` at the ends of minutes.

    contracts_max: of one product.
    """

    def __init__(self, model: OptionModel, contracts_max: int) -> None:
        self._model = model
        self._contracts_max = contracts_max
        self._states: dict[str, ProductState] = {}
        self._watched: Collection[str] = ()

    def publish_figures(self, keys: Collection[str]) -> bool:
        self._watched = keys
        return True

    def apply(self, quotes: OptionQuotes) -> Applied:
        applied = Applied()
        figures = OptionFigures(quotes.quotes, self._model)
        applied.figures_at = figures.at if self._watched else None
        changed: dict[tuple[str, str], dict[ContractKey, None]] = {}
        # Those of the quote before: most batches are of one chain.
        state, chain = ProductState(""), ChainState("", "")
        changed_here: dict[ContractKey, None] = {}
        for at, quote in enumerate(quotes.quotes):
            try:
                if quote.expiry != chain.expiry or quote.product != chain.product:
                    state = self._states.get(quote.product) or ProductState(quote.product)
                    chain = state.chains.get(quote.expiry) or self._new_chain(state, quote)
                    changed_here = changed.setdefault((quote.product, quote.expiry), {})
                if quote.timestamp_us // _SECOND_US > chain.newest_us // _SECOND_US and chain.contracts:
                    self._end_second(state, chain, quote.timestamp_us, at, figures, applied)
                key = (quote.strike, quote.is_call)
                if key not in chain.contracts:
                    self._add(state, chain)
                state.updates += 1
                if chain.put(quote):
                    applied.late += 1
                    continue
                state.newest_us = max(state.newest_us, quote.timestamp_us)
                if quote.symbol is not None:
                    _name(state, quote)
                changed_here[key] = None
            except Exception as failure:
                applied.failures.append((quote.product, failure))
        applied.processed = len(quotes) - len(applied.failures)
        applied.updates += [
            ChainChange(product, expiry, tuple(keys)) for (product, expiry), keys in changed.items() if keys
        ]
        return applied

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, product: object) -> bool:
        return product in self._states

    def keys(self) -> Iterable[str]:
        return self._states.keys()

    def snapshot(self, product: str) -> ProductChains | None:
        state = self._states.get(product)
        if state is None:
            return None
        chains = {expiry: state.chains[expiry].snapshot() for expiry in sorted(state.chains)}
        return ProductChains(product, state.updates, state.newest_us, chains)

    def checkpoint(self, product: str) -> ProductChains:
        found = self.snapshot(product)
        assert found is not None
        return found

    def restore(self, product: str, checkpoint: ProductChains) -> None:
        state = ProductState(product)
        state.updates, state.newest_us = checkpoint.updates, checkpoint.newest_us
        for expiry, stored in checkpoint.chains.items():
            chain = state.chains[expiry] = ChainState(product, expiry)
            chain.contracts = dict(stored.contracts)
            chain.newest_us, chain.updates = stored.as_of_us, stored.updates
            chain.spot, chain.spot_us = stored.spot, stored.spot_us
            for quote in chain.contracts.values():
                _name(state, quote)
        self._states[product] = state

    def forget(self, product: str) -> None:
        self._states.pop(product, None)

    def update_count(self, product: str) -> int:
        return self._states[product].updates

    def newest_us(self, product: str) -> int:
        return self._states[product].newest_us

    def contract(self, product: str, symbol: str) -> OptionQuote | None:
        """The newest quote of the contract that a feeder calls so."""
        state = self._states.get(product)
        found = None if state is None else state.symbols.get(symbol)
        return None if state is None or found is None else state.chains[found[0]].contracts[found[1]]

    def _new_chain(self, state: ProductState, quote: OptionQuote) -> ChainState:
        """The first chain of an expiry; expired ones leave where it comes."""
        oldest_us = state.newest_us - self._model.keep_expired_us
        gone = [expiry for expiry in state.chains if self._model.expires_us(expiry) < oldest_us]
        for expiry in gone:
            del state.chains[expiry]
        if gone:
            state.symbols = {symbol: at for symbol, at in state.symbols.items() if at[0] in state.chains}
        return ChainState(quote.product, quote.expiry)

    def _nearest(self, state: ProductState) -> str:
        """The expiry of the product that is not over and comes first; empty if there is none."""
        expires_us = self._model.expires_us
        return min((each for each in state.chains if expires_us(each) > state.newest_us), default="")

    def _add(self, state: ProductState, chain: ChainState) -> None:
        """Make room for another contract of a chain, which may be new itself. Raises ContractLimit."""
        if state.contracts >= self._contracts_max:
            raise ContractLimit(f"{state.product} has {self._contracts_max} contracts, the most that one may have")
        state.chains[chain.expiry] = chain
        self._states[state.product] = state

    def _end_second(
        self, state: ProductState, chain: ChainState, moment_us: int, at: int, figures: OptionFigures, applied: Applied
    ) -> None:
        """Take that a chain has a quote of a later second."""
        ended = self._ended(chain, moment_us)
        applied.events += ended
        applied.places += [at] * len(ended)
        if state.product in self._watched:
            figures.ended[at] = (chain.snapshot(), chain.expiry == self._nearest(state))

    def _ended(self, chain: ChainState, moment_us: int) -> list[Any]:
        """What the intervals end with that a moment is after."""
        minute = SummaryInterval.M1
        end_us = minute.start_us(chain.newest_us) + minute.width_us
        if moment_us < end_us:
            return []
        found = chain.snapshot()
        summary = summary_at(found, self._model)
        points = [
            SummaryPoint(each, each.start_us(found.as_of_us), summary)
            for each in SummaryInterval
            if each.start_us(found.as_of_us) < each.start_us(moment_us)
        ]
        return [*points, positions_of(found, end_us, self._model)]


def summary_at(chain: Chain, model: OptionModel) -> ChainSummary:
    """The summary by what the chain itself tells of the spot, so that a recording gives the same as the live day."""
    return summary_of(chain, spot_of(chain, model, lambda: None), model)


def _name(state: ProductState, quote: OptionQuote) -> None:
    """Remember the feeder's name of a contract; a name belongs to the contract that had it first."""
    if quote.symbol is not None:
        state.symbols.setdefault(quote.symbol, (quote.expiry, (quote.strike, quote.is_call)))
