from domain.options.option_book import SummaryPoint, summary_at
from domain.options.option_model import OptionModel
from domain.options.summary_interval import SummaryInterval
from infrastructure.options.recent_summaries import RecentSummaries
from support.option_chains import EXPIRY, chain_of, quote

MINUTE = SummaryInterval.M1


def point(start_us: int, product: str = "NIFTY") -> SummaryPoint:
    return SummaryPoint(
        MINUTE, start_us, summary_at(chain_of([quote(100, True)._replace(product=product)]), OptionModel())
    )


async def starts(recent: RecentSummaries, product: str = "NIFTY", newest_first: bool = False) -> list[int]:
    return [each.start_us for each in await recent.summaries(product, EXPIRY, MINUTE, 0, 100, 10, newest_first)]


async def test_summaries_come_in_order_and_one_of_an_interval() -> None:
    recent = RecentSummaries(10)
    again = point(2)
    await recent.publish([point(1), point(3), point(2), again, "another event"])
    assert await starts(recent) == [1, 2, 3]
    assert await starts(recent, newest_first=True) == [3, 2, 1]
    assert (await recent.summaries("NIFTY", EXPIRY, MINUTE, 2, 3, 10))[0] is again
    assert await recent.summaries("NIFTY", "2026-02-26", MINUTE, 0, 100, 10) == []
    assert await recent.summaries("NIFTY", EXPIRY, SummaryInterval.H1, 0, 100, 10) == []


async def test_the_chain_that_was_quiet_for_longest_is_forgotten_first() -> None:
    recent = RecentSummaries(4)
    await recent.publish([point(1, "A"), point(2, "A"), point(1, "B"), point(2, "B"), point(3, "B")])
    assert (await starts(recent, "A"), await starts(recent, "B")) == ([2], [1, 2, 3])
    await recent.publish([point(4, "B"), point(5, "B")])
    assert (await starts(recent, "A"), await starts(recent, "B")) == ([], [2, 3, 4, 5])
    recent.forget("B")
    await recent.publish([point(at, "C") for at in range(4)])
    assert (await starts(recent, "B"), await starts(recent, "C")) == ([], [0, 1, 2, 3])
