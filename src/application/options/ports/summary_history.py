"""The port of what chains were: a summary for each interval."""

from collections.abc import Sequence
from typing import Protocol

from domain.options.option_book import SummaryPoint
from domain.options.summary_interval import SummaryInterval


class SummaryHistory(Protocol):
    async def summaries(
        self,
        product: str,
        expiry: str,
        interval: SummaryInterval,
        from_us: int,
        to_us: int,
        limit: int,
        newest_first: bool = False,
    ) -> Sequence[SummaryPoint]:
        """Return the first summaries in that order of intervals that start within [from, to).

        Raises:
            HistoryUnavailable: the store does not respond.
        """
        ...
