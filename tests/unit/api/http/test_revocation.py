"""A key that becomes invalid in the middle of a request."""

import re

from domain.access.role import Role
from support.access import api_key, text_of
from support.wire import both_ways

FEEDER = api_key(1, Role.FEEDER)
BODY = b'{"symbol":"A","price":1}'
HEAD = (
    f"POST /api/prices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {text_of(FEEDER)}\r\n"
    f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode()


async def test_ticks_whose_body_was_still_arriving_are_not_taken() -> None:
    async with both_ways(auth={"enabled": True}) as ways:
        for way in ways:
            directory = way.container.directory()
            directory.load([FEEDER])
            protocol, transport = way.connect()
            for piece in (HEAD + BODY, HEAD + BODY[:5], BODY[5:], HEAD + BODY[:5]):
                protocol.data_received(piece)
                await way.rest()
            directory.load([])
            protocol.data_received(BODY[5:9])
            protocol.data_received(BODY[9:] + HEAD + BODY)
            await way.rest()
            protocol.connection_lost(None)
            answers = re.findall(rb"HTTP/1\.1 (\d+)", transport.written)
            assert answers[:3] == [b"202", b"202", b"401"]
            assert set(answers[3:]) <= {b"401"}
            assert way.container.processor().statistics().processed == 2


async def test_a_head_that_left_the_cache_in_the_middle_of_its_body_is_learned_again() -> None:
    async with both_ways() as (way, _):
        text = HEAD + BODY
        protocol, transport = way.connect()
        protocol.data_received(text[:-3])
        way._heads._heads.clear()
        protocol.data_received(text[-3:] + text)
        await way.rest()
        assert re.findall(rb"HTTP/1\.1 (\d+)", transport.written) == [b"202", b"202"]
        protocol.connection_lost(None)
