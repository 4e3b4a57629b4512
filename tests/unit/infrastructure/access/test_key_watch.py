from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from application.access.directory import Directory
from application.access.errors import Unauthenticated
from infrastructure.access.key_watch import KeyWatch
from support.access import MemoryKeys, api_key, text_of
from support.fakes import START_US, FakeClock


class Watched:
    """A watch over some keys."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = MemoryKeys(api_key(1), api_key(2, expires_us=START_US + 1_500_000))
        self.directory = Directory(self.clock)
        self.reviews = 0
        self.directory.on_change(self._count)
        self.watch = KeyWatch(self.keys, self.directory, self.clock)

    def _count(self) -> None:
        self.reviews += 1


@pytest_asyncio.fixture
async def watched() -> AsyncIterator[Watched]:
    made = Watched()
    await made.watch.start()
    yield made
    await made.watch.stop()


async def test_key_revoked_elsewhere_is_refused_within_a_second(watched: Watched) -> None:
    watched.directory.authenticate(text_of(api_key(1)))
    await watched.keys.revoke(api_key(1).id, START_US)
    await watched.clock.advance(1)
    with pytest.raises(Unauthenticated):
        watched.directory.authenticate(text_of(api_key(1)))


async def test_nothing_is_read_again_while_nothing_changes(watched: Watched) -> None:
    await watched.clock.advance(10)
    assert watched.keys.lists == 1


async def test_expiry_is_noticed_at_its_moment(watched: Watched) -> None:
    assert watched.reviews == 1
    await watched.clock.advance(1.25)
    assert watched.reviews == 1
    await watched.clock.advance(0.25)
    assert watched.reviews == 2


async def test_last_use_is_stored_once_a_minute_and_at_the_end(watched: Watched) -> None:
    watched.directory.authenticate(text_of(api_key(1)))
    await watched.clock.advance(58)
    assert watched.keys.keys[api_key(1).id].last_used_us is None
    await watched.clock.advance(3)
    assert watched.keys.keys[api_key(1).id].last_used_us == START_US
    watched.directory.authenticate(text_of(api_key(1)))
    await watched.watch.stop()
    assert watched.keys.keys[api_key(1).id].last_used_us == START_US + 61_000_000


async def test_known_keys_stay_valid_while_the_store_fails(watched: Watched) -> None:
    watched.keys.failure = "disk is full"
    await watched.keys.add(replace(api_key(3)))
    await watched.clock.advance(5)
    assert watched.directory.authenticate(text_of(api_key(1))).id == api_key(1).id
    watched.keys.failure = None
    await watched.clock.advance(1)
    assert watched.directory.authenticate(text_of(api_key(3))).id == api_key(3).id
