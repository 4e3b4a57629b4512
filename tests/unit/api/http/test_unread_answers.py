"""A client that does not read its answers gets no further ones made."""

import re

import pytest

from support.wire import Transport, Way, both_ways

SCRAPE = b"GET /api/metrics HTTP/1.1\r\nHost: x\r\n\r\n"
READ = b"GET /api/prices/NOSUCH HTTP/1.1\r\nHost: x\r\n\r\n"


def queries(way: Way) -> int:
    """How many have been made, whether or not their answers have been sent."""
    return sum(latency.count for latency in way.container.pipeline_meter().latency.values())


@pytest.mark.parametrize("request_", [SCRAPE, READ], ids=["ordinary way", "fast path"])
async def test_pipelined_requests_wait_until_the_answers_before_them_are_read(request_: bytes) -> None:
    async with both_ways() as (way, _):
        protocol, transport = way.connect()
        protocol.data_received(SCRAPE)
        await way.rest()
        protocol.pause_writing()
        protocol.data_received(request_ * 5)
        await way.rest()
        assert (transport.written.count(b"HTTP/1.1 "), queries(way)) == (1, 1)
        protocol.resume_writing()
        await way.rest()
        assert (transport.written.count(b"HTTP/1.1 "), queries(way)) == (6, 6)
        protocol.connection_lost(None)


async def test_what_was_not_started_is_never_started_once_the_client_has_left() -> None:
    async with both_ways() as (way, _):
        protocol, transport = way.connect()
        protocol.pause_writing()
        protocol.data_received(SCRAPE * 3)
        transport.closing = True
        protocol.connection_lost(None)
        await way.rest()
        assert transport.written == b""
        assert queries(way) == 0


async def test_the_answer_being_sent_ends_with_its_connection_though_newer_requests_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with both_ways() as (way, _):
        protocol, transport = way.connect()
        protocol.data_received(SCRAPE * 3)
        protocol.pause_writing()
        await way.rest()
        written: list[bytes] = []
        monkeypatch.setattr(transport, "write", written.append)
        transport.closing = True
        protocol.connection_lost(None)
        await way.rest()
        assert written == []


async def answered(way: Way, transport: Transport, count: int) -> list[bytes]:
    """The statuses of so many answers, once they have come."""
    while transport.written.count(b"HTTP/1.1 ") < count:
        before = len(transport.written)
        await way.rest()
        assert len(transport.written) > before, "no more answers come"
    return re.findall(rb"HTTP/1\.1 (\d+)", transport.written)


async def test_one_read_does_not_become_thousands_of_waiting_requests() -> None:
    async with both_ways() as (way, _):
        protocol, transport = way.connect()
        protocol.pause_writing()
        protocol.data_received(SCRAPE * 1000)
        await way.rest()
        # As many as are in 4 KiB.
        assert 0 < len(protocol.pipeline) <= 4096 // len(SCRAPE) + 1
        assert transport.paused
        protocol.resume_writing()
        assert await answered(way, transport, 1000) == [b"200"] * 1000
        assert not transport.paused
        protocol.connection_lost(None)


async def test_requests_of_both_ways_in_one_read_are_answered_in_their_order() -> None:
    async with both_ways() as (way, _):
        protocol, transport = way.connect()
        protocol.data_received((SCRAPE + READ) * 300)
        assert await answered(way, transport, 600) == [b"200", b"404"] * 300
        protocol.connection_lost(None)
