from decimal import Decimal

import pytest

from domain.numbers import read_number
from domain.prices.price_anomaly import Direction, Severity, make_anomaly


@pytest.mark.parametrize(
    ("reference", "price", "severity"),
    [
        ("100", "102.5", Severity.MEDIUM),
        ("100", "103", Severity.MEDIUM),
        ("100", "103.0000000000000000000001", Severity.HIGH),
        ("0.1", "0.103", Severity.MEDIUM),
        ("100", "105", Severity.HIGH),
        ("100", "105.01", Severity.CRITICAL),
        ("100", "97", Severity.MEDIUM),
        ("100", "96.99", Severity.HIGH),
        ("100", "95", Severity.HIGH),
        ("100", "94.9999999999999999999", Severity.CRITICAL),
    ],
)
def test_severity_is_exact_at_its_lines(reference: str, price: str, severity: Severity) -> None:
    direction = Direction.UP if Decimal(price) > Decimal(reference) else Direction.DOWN
    assert make_anomaly("A", 1, direction, read_number(reference), read_number(price), 0).severity is severity


@pytest.mark.parametrize(
    ("reference", "price", "change"), [(100.0, 103.5, 3.5), (0.1, 0.097, -3.0), (1e-300, 1e300, 1.7976931348623157e308)]
)
def test_change_is_signed_and_rounded_once(reference: float, price: float, change: float) -> None:
    direction = Direction.UP if price > reference else Direction.DOWN
    assert make_anomaly("A", 1, direction, reference, price, 0).change_percent == change


def test_ids_come_from_the_tick_alone_and_differ_by_direction() -> None:
    one = make_anomaly("A", 7, Direction.UP, 1.0, 2.0, 5)
    same = make_anomaly("A", 7, Direction.UP, 1.0, 2.0, 5)
    other = make_anomaly("A", 7, Direction.DOWN, 3.0, 2.0, 5)
    assert one.id == same.id
    assert one.id != other.id
    assert len(one.id) == 32
    assert int(one.id, 16) > 0
