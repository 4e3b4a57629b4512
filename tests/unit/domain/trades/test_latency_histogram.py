from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.trades.latency_histogram import LATENCY_MAX_US, LatencyHistogram


def histogram_of(latencies: list[int]) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for each in latencies:
        histogram.observe(each)
    return histogram


@given(st.lists(st.integers(0, LATENCY_MAX_US), min_size=1, max_size=200))
def test_percentiles_are_those_of_a_sorted_list_to_three_digits(latencies: list[int]) -> None:
    summary = histogram_of(latencies).summary()
    ordered = sorted(latencies)
    for percent, found in ((50, summary.p50), (95, summary.p95), (99, summary.p99)):
        exact = ordered[ceil(len(ordered) * percent / 100) - 1]
        assert exact <= found <= exact + exact / 1000
    assert (summary.min, summary.max, summary.count) == (ordered[0], ordered[-1], len(latencies))
    assert summary.mean == pytest.approx(sum(latencies) / len(latencies), rel=1e-15)


def test_negative_latencies_are_counted_apart() -> None:
    summary = histogram_of([-5, 10, -1]).summary()
    assert (summary.count, summary.negative, summary.min, summary.p99) == (1, 2, 10, 10)


def test_more_than_a_minute_counts_as_a_minute() -> None:
    assert histogram_of([LATENCY_MAX_US + 1]).summary().max == LATENCY_MAX_US


def test_nothing_observed_is_all_zeros() -> None:
    summary = LatencyHistogram().summary()
    assert (summary.count, summary.min, summary.mean, summary.p99, summary.max) == (0, 0, 0.0, 0, 0)


@given(st.lists(st.integers(-10, 10**8), max_size=50), st.lists(st.integers(-10, 10**8), max_size=50))
def test_restored_histogram_goes_on_like_the_original(first: list[int], then: list[int]) -> None:
    original = histogram_of(first)
    restored = LatencyHistogram()
    restored.restore(original.numbers())
    for each in then:
        original.observe(each)
        restored.observe(each)
    assert restored.summary() == original.summary()
