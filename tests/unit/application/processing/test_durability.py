from typing import Any

import pytest

from application.errors import StorageFailed
from application.ports.processor import Patience, Submitted
from application.processing.durability import Durability, submit
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from support.fakes import START_US, FakeJournal
from support.processors import CountingProcessor


def one() -> Ticks:
    return Ticks.of([PriceUpdate("A", 100.0, START_US)])


@pytest.mark.parametrize(
    ("durability", "commits"),
    [(Durability.MEMORY, 0), (Durability.PROCESSED, 0), (Durability.LOGGED, 0), (Durability.DISK, 1)],
)
async def test_only_the_disk_is_waited_for_by_those_who_ask(durability: Durability, commits: int) -> None:
    processor, journal = CountingProcessor(), FakeJournal()
    assert (await submit(processor, journal, one(), durability, Patience.LIMITED)).accepted == 1
    assert journal.commits == commits


@pytest.mark.parametrize("durability", [Durability.LOGGED, Durability.DISK])
async def test_a_journal_known_to_fail_takes_nothing_durable(durability: Durability) -> None:
    processor, journal = CountingProcessor(), FakeJournal()
    journal.failure = "disk full"
    with pytest.raises(StorageFailed) as failure:
        await submit(processor, journal, one(), durability, Patience.LIMITED)
    assert not failure.value.taken
    assert (len(processor.accepted), processor.rejected) == (0, 1)
    for rest in (Durability.MEMORY, Durability.PROCESSED):
        assert (await submit(processor, journal, one(), rest, Patience.LIMITED)).accepted == 1


@pytest.mark.parametrize("durability", [Durability.LOGGED, Durability.DISK])
async def test_ticks_that_were_not_logged_are_told(durability: Durability) -> None:
    journal = FakeJournal()

    class Losing(CountingProcessor):
        async def submit(
            self, ticks: Any, /, patience: Patience = Patience.LIMITED, until_processed: bool = False, sender: str = ""
        ) -> Submitted:
            journal.lost += len(ticks)
            return await super().submit(ticks, patience)

    with pytest.raises(StorageFailed) as failure:
        await submit(Losing(), journal, one(), durability, Patience.LIMITED)
    assert failure.value.taken


async def test_a_duplicate_of_what_may_be_missing_in_the_log_is_no_success() -> None:
    class Knowing(CountingProcessor):
        async def submit(
            self, ticks: Any, /, patience: Patience = Patience.LIMITED, until_processed: bool = False, sender: str = ""
        ) -> Submitted:
            return Submitted(0, (), len(ticks))

    journal = FakeJournal()
    assert (await submit(Knowing(), journal, one(), Durability.DISK, Patience.LIMITED)).duplicates == 1
    journal.is_complete = False
    with pytest.raises(StorageFailed):
        await submit(Knowing(), journal, one(), Durability.DISK, Patience.LIMITED)
