import pytest

from infrastructure.processing.latency import Latency
from infrastructure.processing.throughput import Throughput


def test_nothing_observed_is_zero() -> None:
    assert (Latency().mean(), Latency().quantile(0.99)) == (0.0, 0.0)


def test_quantiles_lie_within_the_bucket_of_their_observation() -> None:
    latency = Latency()
    latency.observe(0.0002, times=99)
    latency.observe(0.03)
    assert 0.0001 < latency.quantile(0.5) <= 0.00025
    assert 0.025 < latency.quantile(1.0) <= 0.05
    assert latency.mean() == pytest.approx((99 * 0.0002 + 0.03) / 100)


def test_what_takes_longer_than_the_last_bound_is_counted_beyond_it() -> None:
    latency = Latency()
    latency.observe(60.0)
    assert latency.counts[-1] == 1
    assert latency.quantile(0.5) == 10.0


def test_bound_itself_belongs_to_its_bucket() -> None:
    latency = Latency()
    latency.observe(0.0001)
    assert latency.counts[0] == 1


def test_throughput_is_the_mean_of_the_last_whole_seconds() -> None:
    throughput = Throughput(0.0)
    for second in range(20):
        throughput.add(second + 0.5, 100)
    assert throughput.per_second(20.2) == 100.0
    assert throughput.per_second(22.2) == pytest.approx(60.0)
    assert throughput.per_second(30.0) == 0.0


def test_throughput_of_a_young_service_is_that_of_its_life() -> None:
    throughput = Throughput(0.0)
    throughput.add(0.1, 50)
    assert throughput.per_second(0.2) == 50.0
    assert throughput.per_second(2.0) == 25.0
