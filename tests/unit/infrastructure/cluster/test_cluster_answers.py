"""Two gateways that read one topic: the first claim of a key wins on both."""

import asyncio
from dataclasses import dataclass, field

import pytest

from application.errors import KeyInUse, KeyReused, StorageFailed
from infrastructure.cluster.cluster_answers import ClusterAnswers
from infrastructure.cluster.log_producer import current_request
from support.fakes import FakeClock

SECOND = 1_000_000


@dataclass
class Topic:
    """Records of one partition, and the gateways that read it once they are written."""

    clock: FakeClock
    gateways: list[ClusterAnswers] = field(default_factory=list)
    works: bool = True

    async def send(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        if not self.works:
            await asyncio.get_running_loop().create_future()
        for gateway in self.gateways:
            await gateway.read(partition, [(key, value, self.clock.now_us(), 0)])


@pytest.fixture
def topic() -> Topic:
    clock = FakeClock()
    topic = Topic(clock)
    for _ in range(2):
        topic.gateways.append(ClusterAnswers("answers", 4, topic, clock, 3, 60.0, 0.01))  # type: ignore[arg-type]  # all that is used of it
    return topic


async def test_a_retry_on_another_gateway_gets_the_first_answer(topic: Topic) -> None:
    first, second = topic.gateways
    assert await first.begin("key", b"digest", False) is None
    assert current_request.get() == "key"
    with pytest.raises(KeyInUse):
        await second.begin("key", b"digest", False)
    await first.finish("key", b"digest", 202, b"{}", False)
    first.abandon("key")
    assert current_request.get() is None
    for gateway in (first, second):
        found = await gateway.begin("key", b"digest", False)
        assert found is not None
        assert (found.status, found.body) == (202, b"{}")
        with pytest.raises(KeyReused):
            await gateway.begin("key", b"other", False)


async def test_a_claim_that_is_abandoned_is_free_again(topic: Topic) -> None:
    first, second = topic.gateways
    assert await first.begin("key", b"digest", False) is None
    first.abandon("key")
    # The end of the claim is written by a task.
    await asyncio.sleep(0)
    assert await second.begin("key", b"other", False) is None


async def test_the_claim_of_a_gateway_that_is_gone_expires(topic: Topic) -> None:
    first, second = topic.gateways
    assert await first.begin("key", b"digest", False) is None
    await topic.clock.advance(5.0)
    with pytest.raises(KeyInUse):
        await second.begin("key", b"digest", False)
    await topic.clock.advance(0.001)
    assert await second.begin("key", b"digest", False) is None


async def test_answers_are_forgotten_after_their_time_and_when_there_are_too_many(topic: Topic) -> None:
    first, second = topic.gateways
    for key in ("a", "b", "c", "d"):
        assert await first.begin(key, b"digest", False) is None
        await first.finish(key, b"digest", 202, b"{}", False)
    assert await second.begin("a", b"digest", False) is None
    assert await second.begin("d", b"digest", False) is not None
    await topic.clock.advance(60.001)
    assert await second.begin("d", b"digest", False) is None


async def test_without_brokers_nothing_is_taken(topic: Topic) -> None:
    topic.works = False
    with pytest.raises(StorageFailed, match="No tick was accepted"):
        await topic.gateways[0].begin("key", b"digest", False)
