from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from application.access.directory import Directory
from application.access.errors import Unauthenticated
from infrastructure.access.jwt_tokens import JwtTokens
from infrastructure.access.key_watch import KeyWatch
from support.access import MemoryAccounts, MemoryKeys, account, api_key, session, text_of
from support.fakes import START_US, FakeClock


class Watched:
    """A watch over some keys."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = MemoryKeys(api_key(1), api_key(2, expires_us=START_US + 1_500_000))
        self.people, self.tokens = MemoryAccounts(), JwtTokens()
        self.directory = Directory(self.tokens, self.clock)
        self.reviews = 0
        self.directory.on_change(self._count)
        self.watch = KeyWatch(self.keys, self.people, self.tokens, self.directory, self.clock)

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


async def test_revocation_is_noticed_after_a_failure_that_nobody_thought_of(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> int:
        raise ValueError("'emperor' is not a valid Role")

    with monkeypatch.context() as patched:
        patched.setattr(watched.keys, "version", broken)
        await watched.clock.advance(5)
    assert watched.watch.restarts > 1
    await watched.keys.revoke(api_key(1).id, START_US)
    await watched.clock.advance(2)
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


async def test_signing_key_is_replaced_after_a_month_and_the_one_before_still_reads(watched: Watched) -> None:
    [first] = watched.people.keys
    watched.people.keys = [replace(first, created_us=START_US - 30 * 86_400_000_000 + 60_000_000)]
    token = watched.tokens.issue("ada", "1", watched.clock.now_us())
    await watched.clock.advance(61)
    assert watched.people.keys[0].id == first.id
    assert len(watched.people.keys) == 2
    assert watched.tokens.read(token, watched.clock.now_us()) == ("ada", "1")
    newer = watched.tokens.issue("ada", "1", watched.clock.now_us())
    watched.people.keys = [replace(key, created_us=0) for key in watched.people.keys]
    await watched.clock.advance(61)
    assert watched.tokens.read(token, watched.clock.now_us()) is None
    assert watched.tokens.read(newer, watched.clock.now_us()) == ("ada", "1")


async def test_account_disabled_elsewhere_loses_its_sessions_within_a_second(watched: Watched) -> None:
    watched.directory.update(account())
    watched.directory.hold(session())
    token = watched.tokens.issue(account().name, session().id, START_US)
    principal = watched.directory.signed_in(token)
    await watched.people.save(replace(account(), password=None, disabled_us=START_US))
    watched.keys.number += 1
    await watched.clock.advance(1)
    assert not watched.directory.knows(principal)
    # Nor do they come back when the account does.
    await watched.people.save(account())
    watched.keys.number += 1
    await watched.clock.advance(1)
    with pytest.raises(Unauthenticated):
        watched.directory.signed_in(token)
