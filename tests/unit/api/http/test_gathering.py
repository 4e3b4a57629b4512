"""Requests of one turn of the event loop that are processed as one."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from api.http.answer import Answer
from api.http.gathering import Gathering, Outcome
from api.http.request_options import RequestOptions
from application.errors import Draining, QueueFull
from infrastructure.processing.placement import partition_of
from infrastructure.telemetry.meters import RequestMeter
from support.wire import Way, both_ways

OK = Answer(202, "application/json", b"{}")


class Echo:
    """Succeeds with every request but "bad" ones, and reads none that is "odd"."""

    def __init__(self, requests_max: int) -> None:
        self.requests_max = requests_max
        self.status = 202
        self.lots: list[list[str]] = []
        self.failure: BaseException | None = None
        self.wait: asyncio.Event | None = None
        self._lot: list[str] = []

    def takes(self, options: RequestOptions) -> bool:
        return not options.durable

    def add(self, content: str) -> bool:
        if content == "odd":
            return False
        if content == "long":
            sum(range(200_000))
        self._lot.append(content)
        return True

    async def process(self) -> Sequence[Outcome]:
        lot, self._lot = self._lot, []
        self.lots.append(lot)
        if self.wait is not None:
            await self.wait.wait()
        if self.failure is not None:
            raise self.failure
        return [QueueFull() if content == "bad" else OK for content in lot]


class Gathered:
    def __init__(self, requests_max: int = 5) -> None:
        self.gatherer = Echo(requests_max)
        self.meter = RequestMeter()
        self.spent: list[float] = []
        self.outcomes: dict[str, Outcome] = {}
        self.gathering = Gathering("/x", "POST", self.gatherer, self.meter, self.spent.append)

    def add(self, *contents: str) -> list[bool]:
        return [self.gathering.add(content, self._done(content)) for content in contents]

    def _done(self, content: str) -> Any:
        return lambda outcome: self.outcomes.update({content: outcome})

    def counts(self) -> dict[Any, int]:
        return {key: latency.count for key, latency in self.meter.latency.items()}


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # a turn of the loop, which takes no time


async def test_requests_of_one_turn_are_processed_as_one_and_each_gets_its_own_outcome() -> None:
    gathered = Gathered()
    assert gathered.add("a", "odd", "bad", "c") == [True, False, True, True]
    assert gathered.outcomes == {}
    await turns()
    assert gathered.gatherer.lots == [["a", "bad", "c"]]
    assert gathered.outcomes["a"] is gathered.outcomes["c"] is OK
    assert isinstance(gathered.outcomes["bad"], QueueFull)
    # Who answers failures counts them.
    assert gathered.counts() == {("/x", "POST", 202): 2}
    assert len(gathered.spent) == 1


async def test_lone_request_waits_for_nothing_but_the_turn_it_is_in() -> None:
    gathered = Gathered()
    gathered.add("a")
    await asyncio.sleep(0)  # one turn of the loop, which takes no time
    assert gathered.outcomes == {"a": OK}


async def test_next_turn_is_another_lot() -> None:
    gathered = Gathered()
    gathered.add("a")
    await turns()
    gathered.add("b")
    await turns()
    assert gathered.gatherer.lots == [["a"], ["b"]]


async def test_requests_beyond_a_full_lot_are_answered_by_themselves() -> None:
    gathered = Gathered()
    assert gathered.add(*"abcdefg") == [True] * 5 + [False] * 2
    await turns()
    assert gathered.gatherer.lots == [list("abcde")]
    assert list(gathered.outcomes) == list("abcde")
    assert gathered.add("h") == [True]
    await turns()
    assert gathered.gatherer.lots == [list("abcde"), ["h"]]
    assert gathered.counts() == {("/x", "POST", 202): 6}


async def test_a_long_first_request_does_not_stand_for_more_time_than_there_was() -> None:
    gathered = Gathered(1000)
    start = time.monotonic()
    gathered.add("long")
    gathered.add(*map(str, range(900)))
    await turns()
    assert sum(gathered.spent) <= time.monotonic() - start


async def test_failure_of_all_is_that_of_each() -> None:
    gathered = Gathered()
    failure = gathered.gatherer.failure = QueueFull()
    gathered.add("a", "b")
    await turns()
    assert gathered.outcomes == {"a": failure, "b": failure}
    assert gathered.counts() == {}


async def test_lot_that_has_to_wait_does_not_hold_up_the_next() -> None:
    gathered = Gathered()
    first = gathered.gatherer.wait = asyncio.Event()
    gathered.add("a", "bad")
    await turns()
    gathered.gatherer.wait = None
    gathered.add("b")
    await turns()
    assert gathered.outcomes == {"b": OK}
    first.set()
    await turns()
    assert gathered.outcomes["a"] is OK
    assert isinstance(gathered.outcomes["bad"], QueueFull)


async def test_lot_cancelled_while_it_waits_is_told_that_the_service_stops() -> None:
    gathered = Gathered()
    gathered.gatherer.wait = asyncio.Event()
    gathered.add("a")
    await turns()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await turns()
    assert isinstance(gathered.outcomes["a"], Draining)


# Over the protocol: several connections in one turn.


def tick(body: bytes, *fields: bytes) -> bytes:
    head = b"".join(b"%b\r\n" % field for field in (b"Host: x", b"Content-Type: application/json", *fields))
    return b"POST /api/prices HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


GOOD = tick(b'{"symbol":"X","price":1,"timestamp":1700000000000}')
LATE_SYMBOLS = [tick(b'{"symbol":"N%d","price":1}' % number) for number in range(4)]
CASES: dict[str, tuple[dict[str, Any], list[bytes]]] = {
    "good ones": ({}, [GOOD] * 3),
    "good and bad": (
        {},
        [
            GOOD,
            tick(b'{"symbol":"X","price":-1}'),
            tick(b'{"symbol":"%","price":1,"timestamp":99999999999999}'),
            tick(b'{"symbol":"x","price":"1.5"}'),
            tick(b'{"symbol":"X"'),
            GOOD,
        ],
    ),
    "only bad": ({}, [tick(b'{"symbol":"%","price":1}'), tick(b'{"symbol":"X","price":0}')]),
    "with ids": (
        {},
        [GOOD, tick(b'{"symbol":"X","price":1,"id":"1"}'), tick(b'{"symbol":"X","price":1,"id":"1"}'), GOOD],
    ),
    "more symbols than allowed": ({"processing": {"max_symbols": 2, "partitions": 1}}, [GOOD, *LATE_SYMBOLS]),
    "no room": (
        {"processing": {"channel_capacity": 2, "full_mode": "reject", "partitions": 1, "max_hold_seconds": 0}},
        [GOOD] * 4,
    ),
    "durable without storage": ({}, [GOOD, tick(b'{"symbol":"X","price":1}', b"Prefer: durable"), GOOD]),
    "states": ({}, [GOOD, b"GET /api/prices/NOSUCH HTTP/1.1\r\nHost: x\r\n\r\n", GOOD]),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_connection_gets_the_answer_that_it_would_get_alone(name: str) -> None:
    settings, requests = CASES[name]
    async with both_ways(**settings) as (short, ordinary):
        gathered = await together(short, requests)
        alone = await together(ordinary, requests)
        assert [outline(answer) for answer in gathered] == [outline(answer) for answer in alone]
        assert short.effects() == ordinary.effects()


@pytest.mark.parametrize("mode", ["drop_oldest", "wait"])
async def test_ticks_of_one_turn_do_not_wait_for_the_full_queue_of_another_symbol(mode: str) -> None:
    processing = {"channel_capacity": 2, "full_mode": mode, "partitions": 2}
    async with both_ways(processing=processing) as (short, _):
        hot, cold = (next(f"S{n}" for n in range(99) if partition_of(f"S{n}", 2) == index) for index in (0, 1))
        full, backlog = short.container.partitions()[0].channel, short.container.features()[0].processing.backlog
        backlog.crowd()
        await full.turn.acquire()
        requests = [tick(b'{"symbol":"%b","price":1}' % symbol.encode()) for symbol in (hot, cold)]
        connections = [short.connect() for _ in requests]
        # New symbols might be of the full queue.
        for protocol, _ in connections:
            protocol.data_received(requests[1])
        await short.rest()
        for (protocol, transport), request in zip(connections, requests, strict=True):
            transport.written = b""
            protocol.data_received(request)
        await turns()
        assert [transport.written[:12] for _, transport in connections] == [b"", b"HTTP/1.1 202"]
        full.turn.release()
        backlog.relieve()
        await short.rest()
        assert connections[0][1].written.startswith(b"HTTP/1.1 202")


async def test_ticks_of_one_turn_are_one_message() -> None:
    async with both_ways() as (short, _):
        await together(short, [GOOD] * 7)
        messages = {name: seen.count for (name, _), seen in short.container.pipeline_meter().latency.items()}
        assert messages == {"ProcessPriceBatch": 1}
        assert short.container.processor().statistics().accepted == 7


async def test_states_of_one_turn_are_one_message() -> None:
    async with both_ways() as (short, _):
        await together(short, [GOOD])
        get = b"GET /api/prices/%b HTTP/1.1\r\nHost: x\r\n\r\n"
        answers = await together(short, [get % b"X", get % b"x", get % b"X", get % b"NOSUCH"])
        assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"200", b"200", b"404"]
        assert [answer.rpartition(b"\r\n")[2][:13] for answer in answers[:3]] == [b'{"symbol":"X"'] * 3
        messages = {name: seen.count for (name, _), seen in short.container.pipeline_meter().latency.items()}
        assert messages["ListSymbolStatistics"] == 1


@pytest.mark.parametrize("request_", [GOOD, b"GET /api/prices/X HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["ticks", "states"])
async def test_connections_beyond_a_full_lot_are_answered_and_go_on(request_: bytes) -> None:
    async with both_ways(limits={"max_page_size": 2}, processing={"max_batch_size": 2, "partitions": 2}) as (short, _):
        await together(short, [GOOD])
        connections = [short.connect() for _ in range(5)]
        for _ in range(2):
            for protocol, _ in connections:
                protocol.data_received(request_ * 3)
            await short.rest()
        status = b"HTTP/1.1 202" if request_ is GOOD else b"HTTP/1.1 200"
        assert [transport.written.count(status) for _, transport in connections] == [6] * 5
        assert not any(transport.paused for _, transport in connections)


async def test_tick_of_a_connection_that_is_lost_before_its_turn_counts_all_the_same() -> None:
    async with both_ways() as (short, _):
        leaving, left = short.connect()
        staying, kept = short.connect()
        leaving.data_received(GOOD)
        staying.data_received(GOOD)
        leaving.connection_lost(None)
        left.close()
        await short.rest()
        assert left.written == b""
        assert kept.written.startswith(b"HTTP/1.1 202")
        assert short.container.processor().statistics().accepted == 2


async def test_gathered_requests_are_refused_once_the_service_drains_and_their_connections_close() -> None:
    async with both_ways() as (short, _):
        protocol, transport = short.connect()
        protocol.data_received(GOOD)
        short.container.processor().drain()
        protocol.shutdown()
        await short.rest()
        assert transport.written.startswith(b"HTTP/1.1 503")
        assert transport.closing


async def together(way: Way, requests: list[bytes]) -> list[bytes]:
    """Send each request over a connection of its own, all in one turn; return the answers."""
    connections = [way.connect() for _ in requests]
    for (protocol, _), request in zip(connections, requests, strict=True):
        protocol.data_received(request)
    await way.rest()
    for protocol, _ in connections:
        protocol.connection_lost(None)
    await way.rest()
    return [transport.written for _, transport in connections]


def outline(answer: bytes) -> tuple[bytes, bytes]:
    """Status line, and body but for its trace id."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], body.partition(b'"traceId"')[0] + body.partition(b'"errors"')[2]
