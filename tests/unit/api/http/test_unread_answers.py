"""A client that does not read its answers gets no further ones made."""

import pytest

from support.wire import Way, both_ways

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
