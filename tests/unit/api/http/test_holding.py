"""Requests that bring ticks while the workers cannot keep up, by both ways into the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any

import pytest

from api.app import create_app
from api.container import Container
from api.http.protocol import HttpProtocol
from api.subjects.registry import subjects_of
from infrastructure.processing.admission import Admission
from infrastructure.settings import ServerSettings, Settings
from infrastructure.storage.storage import NoJournal
from support.fakes import FakeClock, settle
from support.wire import Way

CAPACITY = 10
WAYS = pytest.mark.parametrize("short", [True, False], ids=["short cut", "ordinary way"])
MODES = ["drop_oldest", "drop_newest", "reject", "wait"]


class CrowdedJournal(NoJournal):
    """Has workers wait until told otherwise."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(subjects_of(settings))
        self.is_crowded = True
        self.room = asyncio.Event()

    async def wait_for_room(self) -> None:
        await self.room.wait()

    def relieve(self) -> None:
        self.is_crowded = False
        self.room.set()


class Overloaded:
    """A service whose one queue is full."""

    def __init__(self, way: Way, clock: FakeClock, journal: CrowdedJournal) -> None:
        self.way = way
        self.clock = clock
        self.journal = journal
        self.admission = admission_of(way.container, "prices")

    def accounts(self) -> tuple[int, int, int, int]:
        """received, accepted, rejected, dropped; asserts that all is accounted for."""
        account = self.way.container.processor().statistics()
        assert account.received == account.accepted + account.rejected
        assert account.accepted == account.processed + account.dropped + account.queued + account.failed
        return account.received, account.accepted, account.rejected, account.dropped


@asynccontextmanager
async def overloaded(mode: str, short: bool, **limits: Any) -> AsyncIterator[Overloaded]:
    processing = {"partitions": 1, "channel_capacity": CAPACITY, "full_mode": mode, "max_hold_seconds": 5.0}
    off = {"enabled": False}
    settings = Settings(
        server=ServerSettings(allowed_hosts=("x",)), processing=processing, simulation=off, storage=off, limits=limits
    )
    clock, journal = FakeClock(), CrowdedJournal(settings)
    container = Container(settings=settings, clock=clock, journal=journal)
    gateway = create_app(settings, container)
    container.processor().start()
    looking = asyncio.create_task(admission_of(container, "prices").run())
    way = Way(gateway, container, short, settings)
    try:
        first, _ = way.connect()
        # The worker takes the first and then waits for the journal; the others fill the queue.
        first.data_received(post(1))
        await settle()
        first.data_received(post(CAPACITY))
        await settle()
        service = Overloaded(way, clock, journal)
        assert service.accounts() == (1 + CAPACITY, 1 + CAPACITY, 0, 0)
        yield service
    finally:
        looking.cancel()
        journal.relieve()
        await container.processor().stop()


def admission_of(container: Container, subject: str) -> Admission:
    processing = next(each.processing for each in container.features() if each.processing.subject.name == subject)
    admission: Admission = processing.admission
    return admission


def post(ticks: int) -> bytes:
    body = b"[" + b",".join(b'{"symbol":"A","price":100,"timestamp":1700000000000}' for _ in range(ticks)) + b"]"
    return posted("/api/prices/batch", body)


def posted(path: str, body: bytes, *fields: str) -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *fields)
    return "\r\n".join((*head, f"Content-Length: {len(body)}\r\n\r\n")).encode() + body


def statuses(written: bytes) -> list[bytes]:
    return [part[:3] for part in written.split(b"HTTP/1.1 ")[1:]]


@WAYS
@pytest.mark.parametrize("mode", MODES)
async def test_a_sender_is_held_until_the_workers_have_caught_up(mode: str, short: bool) -> None:
    async with overloaded(mode, short) as service:
        held, transport = service.way.connect()
        held.data_received(post(3))
        await settle()
        assert (transport.written, service.admission.held) == (b"", 1)
        assert service.accounts() == (11, 11, 0, 0)
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"202"]
        assert service.accounts() == (14, 14, 0, 0)
        assert service.admission.hold.count == 1


@WAYS
async def test_rejecting_a_sender_held_for_too_long_is_told_so_undecoded_and_may_go_on(short: bool) -> None:
    async with overloaded("reject", short) as service:
        held, transport = service.way.connect()
        held.data_received(post(3))
        await service.clock.advance(4.9)
        assert transport.written == b""
        await service.clock.advance(0.2)
        assert statuses(transport.written) == [b"503"]
        assert b"retry-after: 1" in transport.written.lower()
        assert b"urn:marketdata:problem:unavailable" in transport.written
        # Nobody has counted the ticks of what nobody has read.
        assert service.accounts() == (11, 11, 0, 0)
        assert service.admission.refused == 1
        service.journal.relieve()
        await settle()
        held.data_received(post(1))
        await settle()
        assert statuses(transport.written) == [b"503", b"202"]


@WAYS
@pytest.mark.parametrize("mode", ["drop_oldest", "drop_newest"])
async def test_dropping_the_ticks_of_a_sender_held_for_too_long_are_taken_and_the_mode_decides(
    mode: str, short: bool
) -> None:
    async with overloaded(mode, short) as service:
        held, transport = service.way.connect()
        held.data_received(post(3))
        await service.clock.advance(5.1)
        assert statuses(transport.written) == [b"202"]
        assert service.accounts() == (14, 14, 0, 3)


@WAYS
async def test_waiting_a_sender_is_held_for_as_long_as_it_takes(short: bool) -> None:
    async with overloaded("wait", short) as service:
        held, transport = service.way.connect()
        held.data_received(post(3))
        await service.clock.advance(10.0)
        assert transport.written == b""
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"202"]


@WAYS
async def test_readers_are_answered_while_senders_are_held(short: bool) -> None:
    async with overloaded("drop_oldest", short) as service:
        held, waiting = service.way.connect()
        held.data_received(post(3))
        reader, transport = service.way.connect()
        reader.data_received(b"GET /api/prices/A HTTP/1.1\r\nHost: x\r\n\r\n")
        await settle()
        assert statuses(transport.written) == [b"200"]
        assert waiting.written == b""


@WAYS
async def test_bodies_over_the_limit_are_refused_at_once_in_every_mode(short: bool) -> None:
    async with overloaded("wait", short, max_held_bytes=1000) as service:
        connections = [service.way.connect() for _ in range(2)]
        for protocol, _ in connections:
            protocol.data_received(post(15))
            await settle()
        assert [statuses(transport.written) for _, transport in connections] == [[], [b"503"]]
        service.journal.relieve()
        await settle()
        assert statuses(connections[0][1].written) == [b"202"]
        assert service.accounts() == (26, 26, 0, 0)


async def test_requests_behind_a_held_one_are_read_no_further_and_answered_in_their_order() -> None:
    async with overloaded("drop_oldest", short=True) as service:
        held, transport = service.way.connect()
        held.data_received(post(2) + b"GET /api/prices/NOSUCH HTTP/1.1\r\nHost: x\r\n\r\n" + post(2))
        await settle()
        assert (transport.written, transport.paused) == (b"", True)
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"202", b"404", b"202"]
        assert not transport.paused


@pytest.mark.parametrize("cut", [0, 100, 150], ids=["whole", "behind the head", "in the body"])
async def test_all_that_was_received_of_a_held_sender_counts_as_held(cut: int) -> None:
    async with overloaded("drop_oldest", short=True) as service:
        held, transport = service.way.connect()
        data = post(2) + post(1) + post(2)
        for piece in filter(None, (data[:cut], data[cut:])):
            held.data_received(piece)
        body = post(2).partition(b"\r\n\r\n")[2]
        # A body that came in pieces is held besides what came with its end.
        assert service.admission.held_bytes == (len(body) if cut else 0) + len(data[cut:])
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"202"] * 3
        assert service.admission.held_bytes == 0
        assert service.accounts() == (16, 16, 0, 0)


async def test_a_sender_that_goes_on_sending_while_it_is_held_is_read_no_further() -> None:
    async with overloaded("drop_oldest", short=True) as service:
        held, transport = service.way.connect()
        held.data_received(post(2))
        assert not transport.paused
        held.data_received(post(2)[:20])
        assert transport.paused
        service.journal.relieve()
        await settle()
        assert not transport.paused
        held.data_received(post(2)[20:])
        await settle()
        assert statuses(transport.written) == [b"202", b"202"]


async def test_ticks_of_a_sender_that_leaves_while_it_is_held_are_taken() -> None:
    async with overloaded("drop_oldest", short=True) as service:
        held, transport = service.way.connect()
        held.data_received(post(2))
        transport.close()
        held.connection_lost(None)
        service.journal.relieve()
        await settle()
        assert transport.written == b""
        assert service.accounts() == (13, 13, 0, 0)


@WAYS
async def test_whoever_is_held_when_the_service_goes_is_told(short: bool) -> None:
    async with overloaded("wait", short) as service:
        held, transport = service.way.connect()
        held.data_received(post(2))
        await settle()
        held.shutdown()
        await settle()
        assert (transport.written, transport.closing) == (b"", False)
        service.admission.close()
        await settle()
        assert statuses(transport.written) == [b"503"]
        assert transport.closing
        assert service.accounts() == (11, 11, 0, 0)


async def test_a_stream_is_held_and_loses_nothing() -> None:
    async with overloaded("reject", short=False) as service:
        held, transport = service.way.connect()
        line = b'{"symbol":"A","price":100,"timestamp":1700000000000}\n'
        held.data_received(
            b"POST /api/prices/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(line) * 3, line * 3)
        )
        await service.clock.advance(10.0)
        assert (transport.written, service.admission.held) == (b"", 1)
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"202"]
        assert service.accounts() == (14, 14, 0, 0)


async def test_so_many_held_senders_that_they_might_send_more_than_the_limit_are_read_no_further() -> None:
    async with overloaded("drop_oldest", short=True, max_held_bytes=1_000_000) as service:
        connections = [service.way.connect() for _ in range(5)]
        for protocol, _ in connections:
            protocol.data_received(post(1))
        assert [transport.paused for _, transport in connections] == [False] * 3 + [True] * 2
        service.journal.relieve()
        await settle()
        for protocol, transport in connections:
            assert not transport.paused
            protocol.data_received(post(1))
        await settle()
        assert [statuses(transport.written) for _, transport in connections] == [[b"202"] * 2] * 5


async def test_refusing_what_is_pipelined_leaves_others_their_turn() -> None:
    async with overloaded("wait", short=True, max_held_bytes=0) as service:
        refused, transport = service.way.connect()
        refused.data_received(post(1) * 20)
        assert transport.written.count(b"HTTP/1.1 503") == 1
        await settle()
        assert transport.written.count(b"HTTP/1.1 503") == 20
        assert not transport.paused


@WAYS
@pytest.mark.parametrize("mode", ["drop_oldest", "reject"])
async def test_a_request_has_taken_the_time_that_it_was_held_too(mode: str, short: bool) -> None:
    async with overloaded(mode, short) as service:
        held, _ = service.way.connect()
        held.data_received(post(1))
        await service.clock.advance(5.1)
        latency = service.way.container.request_meter().latency
        seen = latency["/api/prices/batch", "POST", 503 if mode == "reject" else 202]
        assert seen.sum_seconds >= 5.0


async def test_a_connection_held_for_long_is_not_idle_once_it_is_answered() -> None:
    async with overloaded("wait", short=True) as service:
        held, transport = service.way.connect()
        assert isinstance(held, HttpProtocol)
        held.data_received(posted("/api/prices", b'{"symbol":"A","price":100}'))
        held._since -= 3600.0  # an hour has passed
        held.check_deadline(held.loop.time())
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"202"]
        held.check_deadline(held.loop.time())
        assert not transport.closing
        held.check_deadline(held.loop.time() + 3600.0)
        assert transport.closing


@WAYS
async def test_each_subject_holds_its_own_senders(short: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with overloaded("wait", short) as service:
        before = service.admission.seconds
        # A second passes from one look to the next.
        monkeypatch.setattr(service.clock, "monotonic", partial(next, count()))
        trades, transport = service.way.connect()
        trades.data_received(posted("/api/trades", b'{"symbol":"A","price":1,"quantity":1,"side":"buy"}'))
        await settle()
        # Its own workers do not run; prices have no say in it.
        assert transport.written
        assert service.admission.held == 0
        assert admission_of(service.way.container, "trades").seconds > 0
        assert service.admission.seconds == before


async def test_a_compressed_body_is_not_decoded_before_it_is_admitted() -> None:
    async with overloaded("reject", short=False) as service:
        held, transport = service.way.connect()
        body = b"this is no gzip"
        held.data_received(posted("/api/prices", body, "Content-Encoding: gzip"))
        await settle()
        assert (transport.written, service.admission.held, service.admission.held_bytes) == (b"", 1, 8 * len(body))
        service.journal.relieve()
        await settle()
        assert statuses(transport.written) == [b"400"]
