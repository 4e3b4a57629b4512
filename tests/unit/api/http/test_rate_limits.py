import pytest

from api.http.errors import RateLimited
from api.http.rate_limits import Client, Clients, RateLimits, rate_limits_of
from application.access.errors import Unauthenticated
from domain.rate import Rate
from infrastructure.settings import LimitsSettings
from support.fakes import FakeClock


def clients(requests: float = 0, observations: float = 0, burst_seconds: float = 1, most: int = 10) -> Clients:
    return Clients(Rate(requests, burst_seconds), Rate(observations, burst_seconds), most)


def limits(addresses: Clients, senders: Clients) -> RateLimits:
    return RateLimits(addresses, senders, lambda: 0.0)


def test_memory_is_bounded_and_whoever_was_seen_last_is_remembered() -> None:
    seen = clients(10, most=100)
    seen.add("busy", 0.0, 5, 0)
    for number in range(100_000):
        seen.of(f"address {number}")
        if number % 50 == 0:
            assert seen.of("busy").requests_until == 0.5
        assert len(seen) <= 200
    assert seen.of("address 99950") is seen.of("address 99950")


def test_what_is_refused_is_not_counted_for_anybody() -> None:
    found = limits(clients(2), clients(1))
    found.admit("a", "key", 0.0, 1, 0)
    for _ in range(5):
        with pytest.raises(RateLimited) as refusal:
            found.admit("a", "key", 0.0, 1, 0)
        assert refusal.value.retry_after_seconds == 1
    assert found.refused == {"key": 5, "address": 0}
    # The address has one left, for another key.
    found.admit("a", "other", 0.0, 1, 0)
    with pytest.raises(RateLimited):
        found.admit("a", "third", 0.0, 1, 0)
    assert found.refused == {"key": 5, "address": 1}
    found.admit("b", "third", 0.0, 1, 0)


def test_a_request_pays_for_all_its_observations_afterwards() -> None:
    seen = clients(observations=10)
    assert seen.wait("a", 0.0, 1, 1) == 0
    seen.add("a", 0.0, 1, 1000)
    assert 99 < seen.wait("a", 0.0, 1, 1) <= 100
    # One that brings none is not concerned.
    assert seen.wait("a", 0.0, 1, 0) == 0


def test_the_fields_are_of_the_limit_that_the_sender_has() -> None:
    found = limits(clients(2, burst_seconds=5), clients(10, 100, burst_seconds=5))
    found.admit("a", "key", 0.0, 1, 1)
    found.add("a", "key", 0.0, 19)
    of_key = (b'"requests";q=50;w=5, "ticks";q=500;w=5', b'"requests";r=49;t=1, "ticks";r=480;t=1')
    assert found.fields("a", "key", 0.0) == of_key
    assert found.fields("a", "", 0.0) == (b'"requests";q=10;w=5', b'"requests";r=9;t=1')
    assert limits(clients(), clients(1)).fields("a", "", 0.0) == (b"", b"")
    assert limits(clients(0, 8), clients()).fields("a", "key", 0.0) == (b'"ticks";q=8;w=1', b'"ticks";r=8;t=0')


async def test_a_client_is_counted_by_address_first_and_then_by_sender() -> None:
    clock = FakeClock()
    settings = LimitsSettings(address_requests_per_second=2, key_requests_per_second=1, key_ticks_per_second=4)
    found = rate_limits_of(settings, clock)
    assert found is not None
    client = Client(found, "a")
    client.enter()
    client.identify("key", lambda: True)
    client.begin_observations()
    client.add(7)
    assert client.wait() > 0.9
    second = Client(found, "a")
    second.enter()
    with pytest.raises(RateLimited):
        second.identify("key", lambda: True)
    await clock.advance(1.5)
    third = Client(found, "b")
    third.identify("key", lambda: True)
    third.begin_observations()
    assert rate_limits_of(LimitsSettings(), clock) is None


def test_who_waits_is_told_that_its_key_has_become_invalid() -> None:
    client, valid = Client(limits(clients(), clients(observations=1)), "a"), [True]
    client.identify("key", lambda: valid[0])
    client.add(10)
    assert client.wait() > 8
    valid[0] = False
    with pytest.raises(Unauthenticated):
        client.wait()
