from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.rate import Rate


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
def test_room_and_debts_are_those_of_a_token_bucket(
    per_second: int, burst_seconds: int, steps: list[tuple[int, int]]
) -> None:
    rate, bucket, until = Rate(per_second, burst_seconds), Bucket(per_second, burst_seconds), 0.0
    now = Fraction(100)
    for sixteenths, count in steps:
        now += Fraction(sixteenths, 16)
        bucket.refill(now)
        wait = rate.wait(until, float(now))
        assert (wait == 0) == (bucket.tokens >= 1)
        if wait:
            # Then, and not before, there is room for one.
            assert abs(wait - (1 - bucket.tokens) / per_second) < 1e-5
        else:
            # Also for more than there was room for.
            bucket.tokens -= count
            until = rate.paid(until, float(now), count)
        left, seconds = rate.left(until, float(now))
        assert left == max(int(bucket.tokens), 0)
        assert 0 <= seconds - (bucket.size - bucket.tokens) / per_second < 1


def test_over_a_long_time_no_more_comes_than_the_rate() -> None:
    rate, until, admitted = Rate(1000, 1), 0.0, 0
    for step in range(100_000):
        now = 5_000_000 + step / 10_000
        if rate.wait(until, now) == 0:
            until = rate.paid(until, now, 1)
            admitted += 1
    # Ten seconds, and the burst.
    assert 10_990 <= admitted <= 11_010


def test_less_than_one_in_a_burst_is_one_at_a_time() -> None:
    rate = Rate(0.01, 1)
    assert (rate.burst, rate.wait(0.0, 0.0)) == (1, 0)
    until = rate.paid(0.0, 0.0, 1)
    assert 98.9 < rate.wait(until, 1.0) <= 99
    assert rate.wait(until, 100.0) == 0


def test_without_a_limit_nothing_is_counted() -> None:
    rate = Rate(0, 1)
    assert (rate.paid(0.0, 5.0, 10), rate.wait(0.0, 5.0)) == (0, 0)
