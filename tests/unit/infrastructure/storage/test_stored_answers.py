import pytest

from application.errors import KeyInUse, KeyReused, StorageFailed
from application.ports.journal import StoredAnswer
from infrastructure.storage.stored_answers import JournalledAnswers
from support.fakes import START_US, FakeClock, FakeJournal


class Remembering(FakeJournal):
    def __init__(self) -> None:
        super().__init__()
        self.remembered: list[StoredAnswer] = []

    def remember(self, answer: StoredAnswer) -> None:
        self.remembered.append(answer)


def answers_of(journal: Remembering, clock: FakeClock, answers_max: int = 10) -> JournalledAnswers:
    return JournalledAnswers(journal, clock, answers_max, 60.0)


async def test_a_retry_gets_the_first_answer_and_another_body_is_refused() -> None:
    journal = Remembering()
    answers = answers_of(journal, FakeClock())
    assert await answers.begin("k", b"1", durable=False) is None
    with pytest.raises(KeyInUse):
        await answers.begin("k", b"1", durable=False)
    await answers.finish("k", b"1", 202, b"{}", durable=False)
    again = await answers.begin("k", b"1", durable=False)
    assert again == StoredAnswer("k", b"1", 202, b"{}", START_US)
    assert journal.remembered == [again]
    with pytest.raises(KeyReused):
        await answers.begin("k", b"2", durable=False)


async def test_an_abandoned_key_may_be_used_again() -> None:
    answers = answers_of(Remembering(), FakeClock())
    await answers.begin("k", b"1", durable=False)
    answers.abandon("k")
    assert await answers.begin("k", b"2", durable=False) is None


async def test_a_durable_retry_waits_for_the_disk() -> None:
    journal = Remembering()
    answers = answers_of(journal, FakeClock())
    await answers.begin("k", b"1", durable=True)
    journal.failure = "full"
    with pytest.raises(StorageFailed):
        await answers.finish("k", b"1", 200, b"{}", durable=True)
    with pytest.raises(StorageFailed):
        await answers.begin("k", b"1", durable=True)
    journal.failure = None
    again = await answers.begin("k", b"1", durable=True)
    assert again is not None
    assert journal.commits == 1


async def test_answers_are_forgotten_by_age_and_number() -> None:
    clock = FakeClock()
    answers = answers_of(Remembering(), clock, answers_max=2)
    for key in "abc":
        await answers.begin(key, b"", durable=False)
        await answers.finish(key, b"", 202, b"", durable=False)
    assert await answers.begin("a", b"", durable=False) is None
    assert await answers.begin("c", b"", durable=False) is not None
    await clock.advance(60.1)
    assert await answers.begin("c", b"", durable=False) is None


async def test_answers_of_an_earlier_run_are_given_again() -> None:
    answers = answers_of(Remembering(), FakeClock())
    before = StoredAnswer("k", b"1", 202, b"{}", START_US - 1)
    answers.recover([before])
    assert await answers.begin("k", b"1", durable=False) == before
