"""List what a chain was, interval by interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.options.chain_analysis import Analyses
from application.options.ports.option_repository import OptionRepository
from application.options.ports.summary_history import SummaryHistory
from application.options.queries.find_chain import found_chain, found_product
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from domain.options.chain import Chain
from domain.options.option_book import SummaryPoint, summary_at
from domain.options.summary_interval import SummaryInterval

_EARLIEST_US, _LATEST_US = -62_135_596_800_000_000, 253_402_300_800_000_000


@dataclass(frozen=True, slots=True)
class SummaryList:
    """rest: the range still to come, None on the last page."""

    product: str
    expiry: str
    items: Sequence[SummaryPoint]
    rest: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ListChainSummaries(Message[SummaryList]):
    """from_us, to_us: of the starts of intervals, the end excluded. Includes the interval that has not ended yet."""

    product: str
    expiry: str | None = None
    interval: SummaryInterval = SummaryInterval.M1
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    order: Order = Order.ASC


class ListChainSummariesValidator:
    """limit_max: the largest page."""

    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListChainSummaries) -> ListChainSummaries:
        """Raises ValidationFailed."""
        errors: list[FieldError] = []
        page_size(query.limit, self._limit_max, errors)
        if query.from_us is not None and query.to_us is not None and query.from_us >= query.to_us:
            errors.append(FieldError("to", "out_of_range", "must be later than from"))
        if errors:
            raise ValidationFailed(errors)
        return query


class ListChainSummariesHandler:
    """Raises OptionNotFound, HistoryUnavailable."""

    def __init__(self, repository: OptionRepository, analyses: Analyses, history: SummaryHistory) -> None:
        self._repository = repository
        self._analyses = analyses
        self._history = history

    async def handle(self, query: ListChainSummaries) -> SummaryList:
        product = found_product(self._repository, query.product)
        chain = found_chain(product, query.expiry, self._analyses.model)
        from_us = _EARLIEST_US if query.from_us is None else query.from_us
        to_us = _LATEST_US if query.to_us is None else query.to_us
        limit, newest_first = query.limit or PAGE_SIZE_DEFAULT, query.order is Order.DESC
        current = self._current(chain, query.interval)
        past_to_us = min(to_us, current.start_us)
        past = await self._history.summaries(
            chain.product, chain.expiry, query.interval, from_us, past_to_us, limit + 1, newest_first
        )
        now = [current] if from_us <= current.start_us < to_us else []
        items = ([*now, *past] if newest_first else [*past, *now])[: limit + 1]
        rest = None
        if len(items) > limit:
            rest = (from_us, items[limit - 1].start_us) if newest_first else (items[limit].start_us, to_us)
        return SummaryList(chain.product, chain.expiry, items[:limit], rest)

    def _current(self, chain: Chain, interval: SummaryInterval) -> SummaryPoint:
        """The interval that has not ended."""
        return SummaryPoint(interval, interval.start_us(chain.as_of_us), summary_at(chain, self._analyses.model))
