import pytest_asyncio

from api.http.head_cache import HeadCache
from support.wire import both_ways


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
