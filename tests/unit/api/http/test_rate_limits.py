import pytest

from api.http.errors import RateLimited
from api.http.rate_limits import Client, Clients, RateLimits, rate_limits_of
from domain.access.allowance import Rates
from infrastructure.settings import LimitsSettings
from support.fakes import FakeClock

NONE = Rates(0, 0, 1)


def test_memory_is_bounded_and_whoever_was_seen_last_is_remembered() -> None:
    clients = Clients(Rates(10, 0, 1), clients_max=100)
    busy = clients.of("busy")
    clients.rates.add(busy, 0.0, 5, 0)
    for number in range(100_000):
        clients.of(f"address {number}")
        if number % 50 == 0:
            assert clients.of("busy").requests_until == 0.5
        assert len(clients) <= 200
    assert clients.of("address 99950") is clients.of("address 99950")


def test_what_is_refused_is_not_counted_for_anybody() -> None:
    limits = RateLimits(Rates(2, 0, 1), Rates(1, 0, 1), 10, lambda: 0.0)
    limits.admit("a", "key", 0.0, 1, 0)
    for _ in range(5):
        with pytest.raises(RateLimited) as refusal:
            limits.admit("a", "key", 0.0, 1, 0)
        assert refusal.value.retry_after_seconds == 1
    assert limits.refused == {"key": 5, "address": 0}
    # The address has one left, for another key.
    limits.admit("a", "other", 0.0, 1, 0)
    with pytest.raises(RateLimited):
        limits.admit("a", "third", 0.0, 1, 0)
    assert limits.refused == {"key": 5, "address": 1}
    limits.admit("b", "third", 0.0, 1, 0)


def test_the_fields_are_of_the_limit_that_the_sender_has() -> None:
    limits = RateLimits(Rates(2, 0, 5), Rates(10, 100, 5), 10, lambda: 0.0)
    limits.admit("a", "key", 0.0, 1, 1)
    limits.add("a", "key", 0.0, 19)
    of_key = (b'"requests";q=50;w=5, "ticks";q=500;w=5', b'"requests";r=49;t=1, "ticks";r=480;t=1')
    assert limits.fields("a", "key", 0.0) == of_key
    assert limits.fields("a", "", 0.0) == (b'"requests";q=10;w=5', b'"requests";r=9;t=1')
    assert RateLimits(NONE, Rates(1, 0, 1), 10, lambda: 0.0).fields("a", "", 0.0) == (b"", b"")
    assert RateLimits(Rates(0, 8, 1), NONE, 10, lambda: 0.0).fields("a", "key", 0.0) == (
        b'"ticks";q=8;w=1',
        b'"ticks";r=8;t=0',
    )


async def test_a_client_is_counted_by_address_first_and_then_by_sender() -> None:
    clock = FakeClock()
    settings = LimitsSettings(address_requests_per_second=2, key_requests_per_second=1, key_ticks_per_second=4)
    limits = rate_limits_of(settings, clock)
    assert limits is not None
    client = Client(limits, "a")
    client.enter()
    client.identify("key")
    client.begin_observations()
    client.add(7)
    assert client.wait() > 0.9
    second = Client(limits, "a")
    second.enter()
    with pytest.raises(RateLimited):
        second.identify("key")
    await clock.advance(1.5)
    third = Client(limits, "b")
    third.identify("key")
    third.begin_observations()
    assert rate_limits_of(LimitsSettings(), clock) is None
