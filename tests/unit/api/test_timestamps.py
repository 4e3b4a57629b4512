from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.timestamps import EARLIEST_US, LATEST_US, InvalidTimestamp, from_milliseconds, from_rfc3339, to_rfc3339


@pytest.mark.parametrize(
    ("text", "moment_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00.5z", 500_000),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1969-12-31T23:30:00.000001-00:30", 1),
        ("2021-04-17T03:08:42.037Z", 1_618_628_922_037_000),
        ("2021-04-17T03:08:42.0379999999Z", 1_618_628_922_037_999),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("0001-01-01T00:00:00Z", EARLIEST_US),
        ("9999-12-31T23:59:59.999999Z", LATEST_US),
    ],
)
def test_rfc3339_is_read_to_the_microsecond(text: str, moment_us: int) -> None:
    assert from_rfc3339(text) == moment_us


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_of_python_is_read_as_python_does(moment: datetime) -> None:
    assert from_rfc3339(moment.isoformat()) == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-04-17T03:08:42",
        "2021-04-17",
        "2021-04-17T03:08Z",
        "2021-04-17T24:00:00Z",
        "2021-04-17T03:60:00Z",
        "2021-04-17T03:08:61Z",
        "2021-04-17T03:08:60Z",
        "2021-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2021-04-17T03:08:42.Z",
        "2021-04-17T03:08:42+24:00",
        "2021-04-17T03:08:42Z\n",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "٢٠٢١-04-17T03:08:42Z",
        "12021-04-17T03:08:42Z",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidTimestamp):
        from_rfc3339(text)


@pytest.mark.parametrize(
    ("milliseconds", "unit"),
    [
        (1_611_111_111, "seconds"),
        (99_999_999_999, "seconds"),
        (0, "seconds"),
        (-(10**15), "seconds"),
        (100_000_000_000_001, "micro- or nanoseconds"),
        (1_611_111_111_000_000, "micro- or nanoseconds"),
        (10**30, "micro- or nanoseconds"),
    ],
)
def test_an_integer_that_looks_like_another_unit_is_refused(milliseconds: int, unit: str) -> None:
    with pytest.raises(InvalidTimestamp, match=f"looks like {unit};"):
        from_milliseconds(milliseconds)


@pytest.mark.parametrize("milliseconds", [10**11, 1_611_111_111_000, 10**14])
def test_integers_are_milliseconds(milliseconds: int) -> None:
    assert from_milliseconds(milliseconds) == milliseconds * 1000


@given(st.integers(EARLIEST_US, LATEST_US))
def test_moments_go_out_in_full_and_come_back(moment_us: int) -> None:
    text = to_rfc3339(moment_us)
    assert text.endswith("Z")
    assert from_rfc3339(text) == moment_us


@pytest.mark.parametrize(
    ("moment_us", "text"),
    [
        (1_618_628_922_037_000, "2021-04-17T03:08:42.037Z"),
        (1_618_628_922_000_000, "2021-04-17T03:08:42.000Z"),
        (1_618_628_922_037_001, "2021-04-17T03:08:42.037001Z"),
    ],
)
def test_six_digits_of_a_second_only_where_three_do_not_suffice(moment_us: int, text: str) -> None:
    assert to_rfc3339(moment_us) == text
