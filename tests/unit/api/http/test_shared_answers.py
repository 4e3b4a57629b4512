import asyncio

import pytest

from api.http.shared_answers import SharedAnswers
from support.fakes import FakeClock, settle

PAUSE_SECONDS = 0.05


class Counter:
    """Counts how often it was asked for each key, and answers with what has happened so far."""

    def __init__(self) -> None:
        self.happened = 0
        self.made: list[str] = []

    def make(self, key: str) -> int:
        self.made.append(key)
        return self.happened


async def test_those_who_ask_at_once_share_one_answer() -> None:
    counter = Counter()
    shared = SharedAnswers(counter.make, FakeClock(), PAUSE_SECONDS)
    assert await asyncio.gather(*(shared.get("a") for _ in range(100))) == [0] * 100
    assert counter.made == ["a"]


async def test_the_next_answer_comes_after_the_pause_and_knows_what_happened_before_it_was_asked_for() -> None:
    counter, clock = Counter(), FakeClock()
    shared = SharedAnswers(counter.make, clock, PAUSE_SECONDS)
    assert await shared.get("a") == 0
    counter.happened = 1
    asked = [asyncio.create_task(shared.get("a")) for _ in range(100)]
    await clock.advance(PAUSE_SECONDS * 0.9)
    assert counter.made == ["a"]
    await clock.advance(PAUSE_SECONDS * 0.2)
    assert await asyncio.gather(*asked) == [1] * 100
    assert counter.made == ["a", "a"]
    # After a longer while nobody waits.
    await clock.advance(PAUSE_SECONDS)
    assert await shared.get("a") == 1


async def test_another_key_is_another_answer() -> None:
    counter = Counter()
    shared = SharedAnswers(counter.make, FakeClock(), PAUSE_SECONDS)
    await shared.get("a")
    await shared.get("b")
    assert counter.made == ["a", "b"]


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    counter = Counter()
    shared = SharedAnswers(counter.make, FakeClock(), PAUSE_SECONDS)
    leaving, staying = (asyncio.create_task(shared.get("a")) for _ in range(2))
    await asyncio.sleep(0)  # both have asked
    leaving.cancel()
    await settle()
    assert await staying == 0
    with pytest.raises(asyncio.CancelledError):
        await leaving
