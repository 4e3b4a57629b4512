from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.access.allowance import Allowance, Rates


class Bucket:
    """A token bucket, in exact arithmetic: the naive model of one rate."""

    def __init__(self, rate: int, burst_seconds: int) -> None:
        self.rate = rate
        self.size = Fraction(max(rate * burst_seconds, 1))
        self.tokens = self.size
        self.since = Fraction(0)

    def refill(self, now: Fraction) -> None:
        self.tokens = min(self.size, self.tokens + (now - self.since) * self.rate)
        self.since = now


steps = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), min_size=1, max_size=80)


@given(st.sampled_from((1, 2, 4, 8)), st.integers(1, 4), steps)
def test_requests_are_admitted_as_by_a_token_bucket(
    rate: int, burst_seconds: int, steps: list[tuple[int, int]]
) -> None:
    rates, used, bucket = Rates(rate, 0, burst_seconds), Allowance(), Bucket(rate, burst_seconds)
    now = Fraction(100)
    for sixteenths, _ in steps:
        now += Fraction(sixteenths, 16)
        bucket.refill(now)
        wait = rates.wait(used, float(now), 1, 0)
        assert (wait == 0) == (bucket.tokens >= 1)
        if wait:
            # Then, and not before, there is one.
            assert abs(wait - (1 - bucket.tokens) / rate) < 1e-5
        else:
            bucket.tokens -= 1
            rates.add(used, float(now), 1, 0)
        left, seconds = rates.requests_left(used, float(now))
        assert left == int(bucket.tokens)
        assert 0 <= seconds - (bucket.size - bucket.tokens) / rate < 1


@given(st.sampled_from((1, 2, 4, 8)), st.integers(1, 4), steps)
def test_a_request_pays_for_all_its_observations_afterwards(
    rate: int, burst_seconds: int, steps: list[tuple[int, int]]
) -> None:
    rates, used, bucket = Rates(0, rate, burst_seconds), Allowance(), Bucket(rate, burst_seconds)
    now = Fraction(100)
    for sixteenths, observations in steps:
        now += Fraction(sixteenths, 16)
        bucket.refill(now)
        admitted = rates.wait(used, float(now), 1, 1) == 0
        assert admitted == (bucket.tokens >= 1)
        if admitted:
            bucket.tokens -= observations
            rates.add(used, float(now), 1, observations)
        assert rates.observations_left(used, float(now))[0] == max(int(bucket.tokens), 0)


def test_over_a_long_time_no_more_comes_than_the_rate() -> None:
    rates, used = Rates(1000, 0, 1), Allowance()
    admitted = 0
    for step in range(100_000):
        now = 5_000_000 + step / 10_000
        if rates.wait(used, now, 1, 0) == 0:
            rates.add(used, now, 1, 0)
            admitted += 1
    # Ten seconds, and the burst.
    assert 10_990 <= admitted <= 11_010


def test_less_than_one_in_a_burst_is_one_at_a_time() -> None:
    rates, used = Rates(0.01, 0, 1), Allowance()
    assert rates.wait(used, 0.0, 1, 0) == 0
    rates.add(used, 0.0, 1, 0)
    assert 98.9 < rates.wait(used, 1.0, 1, 0) <= 99
    assert rates.wait(used, 100.0, 1, 0) == 0


def test_without_a_rate_nothing_is_counted() -> None:
    rates, used = Rates(0, 0, 1), Allowance()
    rates.add(used, 5.0, 10, 10)
    assert (used.requests_until, used.observations_until, rates.wait(used, 5.0, 1, 1)) == (0, 0, 0)
