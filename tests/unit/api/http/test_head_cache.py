from typing import cast

import pytest_asyncio

from api.http.head_cache import HeadCache
from domain.access.role import Role
from infrastructure.access.jwt_tokens import JwtTokens
from infrastructure.access.key_watch import KeyWatch
from support.access import MemoryAccounts, MemoryKeys, api_key, text_of
from support.fakes import START_US, FakeClock
from support.wire import both_ways

JSON = "Content-Type: application/json"


@pytest_asyncio.fixture
async def heads() -> HeadCache:
    async with both_ways() as (short, _):
        return HeadCache(short._gateway.fast_path, short._gateway.hosts, 1000)


def head(*fields: str, length: int = 5) -> bytes:
    return "\r\n".join(["POST /api/prices HTTP/1.1", "Host: x", *fields, f"Content-Length: {length}", "", ""]).encode()


async def test_head_is_found_in_front_of_its_body(heads: HeadCache) -> None:
    text = head("Content-Type: application/json")
    for _ in range(2):
        found = heads.find(text + b"12345POST")
        assert found is not None
        known, length = found
        assert (length, known.method, known.body_bytes, known.options.media_type) == (
            len(text),
            "POST",
            5,
            "application/json",
        )


async def test_head_that_is_unusual_is_not_found_however_often_it_comes(heads: HeadCache) -> None:
    for text in (
        head("Connection: close"),
        head("Expect: 100-continue"),
        head("traceparent: x"),
        head("X: " + "y" * 1024),
        head(length=1001),
        head().replace(b"Host: x", b"Host: evil.example.org"),
        head().replace(b"Host: x", b"Host: x\r\nHost: x"),
        head().replace(b"Host: x\r\n", b""),
        head().replace(b"HTTP/1.1", b"HTTP/1.0"),
        head()[:-1],
        b"",
    ):
        assert heads.find(text) is None
        assert heads.find(text) is None


async def test_memory_for_heads_is_bounded(heads: HeadCache) -> None:
    for number in range(10_000):
        heads.find(head(f"X-Request: {number}"))
    assert len(heads._heads) <= 4096
    assert heads.find(head()) is not None


async def test_heads_are_cached_only_for_those_whom_their_key_admits() -> None:
    feeder, viewer = api_key(1, Role.FEEDER), api_key(2, Role.VIEWER)
    limited = api_key(3, Role.FEEDER, prefixes=("BTC",))
    async with both_ways(auth={"enabled": True}) as (short, _):
        directory, heads = short.container.directory(), short._heads
        directory.load([feeder, viewer, limited])
        for refused in ("X: y", "Authorization: Bearer x", f"Authorization: Bearer {text_of(viewer)}"):
            assert heads.find(head(refused)) is None
        found = heads.find(head(f"Authorization: Bearer {text_of(feeder)}", JSON))
        assert found is not None
        assert (found[0].options.sender, found[0].gathering is None) == (feeder.principal, False)
        found = heads.find(head(f"Authorization: Bearer {text_of(limited)}", JSON))
        assert found is not None
        # By itself: a batch is of one sender.
        assert (found[0].options.sender.prefixes, found[0].gathering) == (("BTC",), None)
        directory.load([viewer])
        for key in (feeder, limited):
            assert heads.find(head(f"Authorization: Bearer {text_of(key)}", JSON)) is None


async def test_host_and_key_are_both_checked() -> None:
    feeder = api_key(1, Role.FEEDER)
    async with both_ways(auth={"enabled": True}) as (short, _):
        short.container.directory().load([feeder])
        text = head(f"Authorization: Bearer {text_of(feeder)}", JSON)
        assert short._heads.find(text.replace(b"Host: x", b"Host: evil.example.org")) is None
        assert short._heads.find(head(JSON)) is None
        assert short._heads.find(text) is not None


async def test_head_with_a_known_tag_is_authenticated_each_time() -> None:
    viewer, limited = api_key(1, Role.VIEWER), api_key(2, Role.VIEWER, prefixes=("AAPL",))
    async with both_ways(auth={"enabled": True}) as (short, _):
        directory, heads = short.container.directory(), short._heads
        directory.load([viewer, limited])
        fields = 'GET /api/prices/AAPL HTTP/1.1\r\nHost: x\r\nIf-None-Match: "1"\r\nAuthorization: Bearer '
        text, of_limited = (f"{fields}{text_of(key)}\r\n\r\n".encode() for key in (viewer, limited))
        found = heads.find(text)
        assert found is not None
        assert found[0].options.known_tags == {'"1"'}
        assert text not in heads._heads
        # The router knows what exists for it.
        assert heads.find(of_limited) is None
        directory.load([])
        assert heads.find(text) is None


async def test_cached_head_is_forgotten_when_its_key_expires() -> None:
    key = api_key(1, Role.FEEDER, expires_us=START_US + 500_000)
    async with both_ways(auth={"enabled": True}) as (short, _):
        clock = cast("FakeClock", short.container.clock())
        watch = KeyWatch(MemoryKeys(key), MemoryAccounts(), JwtTokens(), short.container.directory(), clock)
        await watch.start()
        text = head(f"Authorization: Bearer {text_of(key)}")
        await clock.advance(0.4)
        assert short._heads.find(text) is not None
        await clock.advance(0.1)
        assert short._heads.find(text) is None
        await watch.stop()
