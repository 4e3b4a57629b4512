"""Deliveries to a real HTTP receiver, in the time of the tests."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.rules.alert import Alert, AlertChange
from domain.rules.rule import AlertSeverity
from domain.rules.rule_monitor import resolved
from infrastructure.delivery.breaker import BreakerState
from infrastructure.delivery.channel import Delivery, DeliveryFailed
from infrastructure.delivery.deliveries import SqlDeliveries
from infrastructure.delivery.dispatcher import Dispatcher, Retries
from infrastructure.delivery.memory_deliveries import MemoryDeliveries
from infrastructure.delivery.signature import is_genuine, sign
from infrastructure.delivery.webhook import WebhookChannel, new_client
from infrastructure.rules.alert_tables import write_alerts
from infrastructure.settings import NotificationSettings
from infrastructure.storage.sqlite_store import SqliteStore
from support.fakes import START_US, FakeClock
from support.receiver import Receiver

SECRET = "a secret of many characters"  # noqa: S105  # of these tests
LIMITS = NotificationSettings(allow_private_targets=True, max_attempts=4, breaker_failures=100)
ALERT = Alert("0" * 32, "r", "R", "prices", "A", AlertSeverity.INFO, 2.0, 1.0, "2 is above 1", START_US, ("ops",))


def alert(number: int) -> Alert:
    return replace(ALERT, id=f"{number:032}", raised_us=START_US + number)


class Desk:
    """Deliveries of one kind, and a dispatcher of the channel `ops`."""

    def __init__(self, deliveries: SqlDeliveries | MemoryDeliveries, store: SqliteStore | None) -> None:
        self.clock = FakeClock()
        self.deliveries = deliveries
        self._store = store
        self.client: httpx.AsyncClient | None = None

    async def publish(self, *alerts: Alert) -> None:
        if self._store is None:
            assert isinstance(self.deliveries, MemoryDeliveries)
            self.deliveries.publish(alerts)
        else:
            put = self._store.put
            await self._store.writing(lambda connection: write_alerts(connection, put, alerts))

    def dispatcher(self, port: int, limits: NotificationSettings = LIMITS, host: str = "localhost") -> Dispatcher:
        self.client = new_client(60)

        async def resolver(name: str, _: int) -> Sequence[str]:
            assert name == host
            return ["127.0.0.1"]

        def encode(given: Alert) -> bytes:
            return f'{{"{given.id}":"{given.change.value}"}}'.encode()

        private = limits.allow_private_targets
        url = f"http://{host}:{port}/hook?a=b"
        channel = WebhookChannel(url, SECRET, private, encode, self.client, self.clock, resolver)
        return Dispatcher("ops", channel, self.deliveries, limits, self.clock, chance=lambda: 0.5)

    async def dead(self) -> list[Delivery]:
        found = await self.deliveries.page(None, 100, True, None, None, ())
        return [each for each in found if isinstance(each, Delivery)]


@pytest.fixture(params=["memory", "sqlite"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqliteStore(tmp_path, []) if request.param == "sqlite" else None
    if store is not None:
        await store.open()
    made = Desk(MemoryDeliveries() if store is None else SqlDeliveries(store), store)
    yield made
    if made.client is not None:
        await made.client.aclose()
    if store is not None:
        await store.close()


async def test_an_alert_arrives_once_signed_and_with_its_key(desk: Desk) -> None:
    async with Receiver() as receiver:
        dispatcher = desk.dispatcher(receiver.port)
        await desk.publish(ALERT)
        await dispatcher.look()
        await dispatcher.look()
        [got] = receiver.received
        assert (got.key, got.host) == (f"{ALERT.id}-raised", f"localhost:{receiver.port}")
        assert is_genuine(SECRET, got.signature, got.body, START_US // 1_000_000)
        assert dispatcher.outcomes["delivered"] == 1
        await desk.publish(resolved(ALERT, START_US + 5))
        await dispatcher.look()
        assert receiver.received[1].key == f"{ALERT.id}-resolved"


async def test_a_repeated_condition_is_not_delivered(desk: Desk) -> None:
    async with Receiver() as receiver:
        await desk.publish(replace(ALERT, count=2, change=AlertChange.REPEATED))
        await desk.dispatcher(receiver.port).look()
        assert receiver.received == []


async def test_what_fails_is_tried_again_with_pauses_that_double_until_it_arrives(desk: Desk) -> None:
    async with Receiver("500", "302", "close") as receiver:
        dispatcher = desk.dispatcher(receiver.port)
        await desk.publish(ALERT)
        attempts = []
        for _ in range(40):
            await dispatcher.look()
            attempts.append(len(receiver.received))
            desk.clock.jump(desk.clock.monotonic() + 1)
        # At 0, 5, 15 and 35 seconds, and never again.
        assert [attempts.count(number) for number in (1, 2, 3, 4)] == [5, 10, 20, 5]
        assert {(each.key, each.body) for each in receiver.received} == {
            (f"{ALERT.id}-raised", receiver.received[0].body)
        }
        assert await desk.dead() == []
        assert dispatcher.outcomes == {"failed": 3, "delivered": 1, "dead": 0}


async def test_a_receiver_that_hangs_is_given_up_after_the_time_limit(desk: Desk) -> None:
    async with Receiver("hang") as receiver:
        dispatcher = desk.dispatcher(receiver.port)
        await desk.publish(ALERT)
        looking = asyncio.create_task(dispatcher.look())
        await receiver.arrived.wait()
        assert not looking.done()
        await desk.clock.advance(10)
        await looking
        assert (dispatcher.outcomes["failed"], len(receiver.received)) == (1, 1)
        desk.clock.jump(desk.clock.monotonic() + 5)
        await dispatcher.look()
        assert dispatcher.outcomes["delivered"] == 1


async def test_what_fails_too_often_is_a_dead_letter_that_can_be_replayed(desk: Desk) -> None:
    async with Receiver(*["503"] * 4) as receiver:
        dispatcher = desk.dispatcher(receiver.port)
        await desk.publish(ALERT)
        for _ in range(6):
            await dispatcher.look()
            desk.clock.jump(desk.clock.monotonic() + 100)
        [letter] = await desk.dead()
        assert (letter.attempts, letter.error, letter.alert.id) == (4, "the answer is 503", ALERT.id)
        assert (len(receiver.received), dispatcher.outcomes["dead"]) == (4, 1)
        await desk.deliveries.replay(letter)
        assert await desk.dead() == []
        await dispatcher.look()
        assert receiver.received[-1].key == f"{ALERT.id}-raised"
        assert (dispatcher.outcomes["delivered"], await desk.deliveries.waiting()) == (1, {})


async def test_the_breaker_leaves_a_failing_receiver_alone_and_closes_when_it_is_back(desk: Desk) -> None:
    limits = LIMITS.model_copy(update={"breaker_failures": 3, "breaker_seconds": 60.0})
    async with Receiver(*["500"] * 4) as receiver:
        dispatcher = desk.dispatcher(receiver.port, limits)
        await desk.publish(*map(alert, range(10)))
        await dispatcher.look()
        assert (len(receiver.received), dispatcher.breaker.state) == (3, BreakerState.OPEN)
        desk.clock.jump(59)
        await dispatcher.look()
        assert len(receiver.received) == 3
        desk.clock.jump(61)
        assert dispatcher.breaker.state is BreakerState.HALF_OPEN
        await dispatcher.look()
        # One attempt has shown that it still fails.
        assert (len(receiver.received), dispatcher.breaker.state) == (4, BreakerState.OPEN)
        desk.clock.jump(130)
        await dispatcher.look()
        assert (len(receiver.received), dispatcher.breaker.state) == (14, BreakerState.CLOSED)
        assert {each.key for each in receiver.received[4:]} == {f"{number:032}-raised" for number in range(10)}


async def test_beyond_the_most_that_may_wait_the_oldest_are_dead_letters(desk: Desk) -> None:
    limits = LIMITS.model_copy(update={"max_waiting": 3, "max_dead_letters": 4})
    async with Receiver() as receiver:
        dispatcher = desk.dispatcher(receiver.port, limits)
        await desk.publish(*map(alert, range(8)))
        await dispatcher.look()
        assert [each.key[:32].lstrip("0") for each in receiver.received] == ["5", "6", "7"]
        dead = await desk.dead()
        assert (len(dead), dispatcher.outcomes["dead"]) == (4, 5)
        assert {each.error for each in dead} == {"too many were waiting"}


async def test_dead_letters_come_in_pages_and_only_of_the_callers_symbols(desk: Desk) -> None:
    limits = LIMITS.model_copy(update={"max_attempts": 1})
    async with Receiver(*["500"] * 3) as receiver:
        dispatcher = desk.dispatcher(receiver.port, limits)
        for number, key in enumerate(("A", "BTC", "BTCX")):
            await desk.publish(replace(alert(number), key=key))
            await dispatcher.look()
            desk.clock.jump(desk.clock.monotonic() + 1)
        page = desk.deliveries.page
        newest = [each.alert.key for each in await page(None, 10, True, None, None, ())]
        assert newest == ["BTCX", "BTC", "A"]
        first = await page(None, 1, False, None, None, ())
        rest = await page((first[0].dead_us or 0, first[0].id), 10, False, None, None, ())
        assert [each.alert.key for each in (*first, *rest)] == newest[::-1]
        assert [each.alert.key for each in await page(None, 10, True, None, None, ("BTC",))] == ["BTCX", "BTC"]
        middle = await page(None, 10, True, START_US + 1_000_000, START_US + 2_000_000, ())
        assert [each.alert.key for each in middle] == ["BTC"]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["192.168.0.1"],
        ["::1"],
        ["fe80::1%eth0"],
        ["fd00::1"],
        ["::ffff:127.0.0.1"],
        ["0.0.0.0"],  # noqa: S104  # not bound, refused
        ["224.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        [],
    ],
)
async def test_private_targets_are_refused_by_the_address_that_a_name_resolves_to(addresses: list[str]) -> None:
    async def resolver(_: str, __: int) -> Sequence[str]:
        return addresses

    async with Receiver() as receiver, new_client(5) as client:
        url = f"http://innocent.example:{receiver.port}/"
        channel = WebhookChannel(url, SECRET, False, lambda _: b"", client, FakeClock(), resolver)
        with pytest.raises(DeliveryFailed):
            await channel.send(Delivery("d", "ops", 0, 0, 0, None, "", ALERT))
        assert receiver.received == []


async def test_a_name_that_is_not_known_is_a_failure_like_any_other() -> None:
    async def resolver(_: str, __: int) -> Sequence[str]:
        raise OSError

    async with new_client(5) as client:
        channel = WebhookChannel(
            "https://nowhere.example/", SECRET, False, lambda _: b"", client, FakeClock(), resolver
        )
        with pytest.raises(DeliveryFailed, match="not known"):
            await channel.send(Delivery("d", "ops", 0, 0, 0, None, "", ALERT))


@pytest.mark.parametrize("turns", range(6))
async def test_the_receiver_of_these_tests_closes_who_connects_at_its_end(turns: int) -> None:
    async with Receiver() as receiver:
        connection = socket.create_connection(("127.0.0.1", receiver.port))
        connection.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
    # Not BlockingIOError, which says that it is open.
    with connection, suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_pauses_double_up_to_a_limit_with_a_little_chance() -> None:
    retries = Retries(5, 60, 10)
    assert [retries.pause_us(attempt, lambda: 0.5) for attempt in range(1, 7)] == [
        seconds * 1_000_000 for seconds in (5, 10, 20, 40, 60, 60)
    ]
    assert [retries.pause_us(1, lambda chance=chance: chance) for chance in (0.0, 1.0)] == [4_000_000, 6_000_000]  # type: ignore[misc]  # bound at once


@pytest.mark.parametrize(
    ("secret", "seconds", "body", "genuine"),
    [
        ("right", 1000, b"body", True),
        ("right", 1000 + 300, b"body", True),
        ("right", 1000 + 301, b"body", False),
        ("right", 1000 - 301, b"body", False),
        ("wrong", 1000, b"body", False),
        ("right", 1000, b"bodY", False),
    ],
)
def test_a_signature_is_of_its_secret_its_body_and_its_time(
    secret: str, seconds: int, body: bytes, genuine: bool
) -> None:
    assert is_genuine(secret, sign("right", 1000, b"body"), body, seconds) is genuine
    assert not is_genuine("right", "t=1000,v1=", b"body", 1000)
