"""Get what a chain says, and what was held in it before: build-ups over a window."""

from dataclasses import dataclass

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.options.chain_analysis import Analyses, ChainAnalysis
from application.options.ports.option_repository import OptionRepository
from application.options.ports.position_history import PositionHistory
from application.options.queries.find_chain import found_chain, found_product
from domain.options.chain import ContractKey
from domain.options.open_interest import at_the_close
from domain.options.option_quote import OptionQuote
from domain.options.positions import ChainPositions, Position

# A week.
WINDOW_MINUTES_MAX = 10_080
_MINUTE_US = 60_000_000
_NOTHING = Position(None, None)


@dataclass(frozen=True, slots=True)
class ChainSince:
    """window_minutes: None for the previous close, as the feeder said. before: at the start of the window, if known."""

    analysis: ChainAnalysis
    window_minutes: int | None
    before: ChainPositions | None

    @property
    def before_us(self) -> int | None:
        return None if self.before is None else self.before.end_us

    def at_start(self, quote: OptionQuote) -> Position:
        """What a contract of the chain was when the window began."""
        if self.window_minutes is None:
            return at_the_close(quote)
        key: ContractKey = (quote.strike, quote.is_call)
        return _NOTHING if self.before is None else self.before.contracts.get(key, _NOTHING)


@dataclass(frozen=True, slots=True)
class GetChainSince(Message[ChainSince]):
    """window_minutes: before the newest quote of the chain."""

    product: str
    expiry: str | None = None
    window_minutes: int | None = None


class GetChainSinceValidator:
    def validate(self, query: GetChainSince) -> GetChainSince:
        """Raises ValidationFailed."""
        if query.window_minutes is not None and not 1 <= query.window_minutes <= WINDOW_MINUTES_MAX:
            text = f"must be between 1 and {WINDOW_MINUTES_MAX}"
            raise ValidationFailed([FieldError("windowMinutes", "out_of_range", text)])
        return query


class GetChainSinceHandler:
    """Raises OptionNotFound, HistoryUnavailable."""

    def __init__(self, repository: OptionRepository, analyses: Analyses, history: PositionHistory) -> None:
        self._repository = repository
        self._analyses = analyses
        self._history = history

    async def handle(self, query: GetChainSince) -> ChainSince:
        product = found_product(self._repository, query.product)
        chain = found_chain(product, query.expiry, self._analyses.model)
        before = None
        if query.window_minutes is not None:
            start_us = chain.as_of_us - query.window_minutes * _MINUTE_US
            before = await self._history.positions(chain.product, chain.expiry, start_us)
        return ChainSince(self._analyses.of(chain), query.window_minutes, before)
