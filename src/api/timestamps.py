"""Timestamps on the wire: reads RFC 3339 or epoch milliseconds, writes RFC 3339 in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_SECONDS = 86_400
# The years 1 to 9999, the range of `date`.
EARLIEST_US = (date(1, 1, 1).toordinal() - _EPOCH_DAY) * _DAY_SECONDS * 1_000_000
# Milliseconds: from 1973 to the year 5138. Smaller ones look like seconds, larger ones like micro- or nanoseconds.
EARLIEST_MS, LATEST_MS = 10**11, 10**14
LATEST_US = (date(9999, 12, 31).toordinal() + 1 - _EPOCH_DAY) * _DAY_SECONDS * 1_000_000 - 1

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,40}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))\Z"
)


class InvalidTimestamp(ValueError):
    """Not a valid timestamp."""


def from_milliseconds(milliseconds: int) -> int:
    """Microseconds since the epoch.

    Raises:
        InvalidTimestamp: outside EARLIEST_MS to LATEST_MS, so probably in another unit.
    """
    if milliseconds < EARLIEST_MS:
        raise InvalidTimestamp("looks like seconds; an integer must be milliseconds since the Unix epoch")
    if milliseconds > LATEST_MS:
        raise InvalidTimestamp("looks like micro- or nanoseconds; an integer must be milliseconds since the Unix epoch")
    return milliseconds * 1000


def from_rfc3339(text: str) -> int:
    """Microseconds since the epoch; finer digits are truncated. A leap second reads as the second after it.

    Raises:
        InvalidTimestamp: the text is not RFC 3339, has no offset, or is not a real date and time.
    """
    match = _RFC3339.match(text)
    if match is None:
        raise InvalidTimestamp("must be RFC 3339 with an offset, such as 2026-01-31T12:00:00.000Z")
    day, hour, minute, second, fraction, sign, offset_hour, offset_minute = match.groups()
    hours, minutes, seconds = int(hour), int(minute), int(second)
    if hours > 23 or minutes > 59 or seconds > 60 or (seconds == 60 and minutes != 59):
        raise InvalidTimestamp("must name a time of day that exists")
    moment = (_days(day) * 24 + hours) * 3600 + minutes * 60 + seconds
    if sign:
        away = int(offset_hour) * 3600 + int(offset_minute) * 60
        if int(offset_hour) > 23 or int(offset_minute) > 59:
            raise InvalidTimestamp("must have an offset of less than 24 hours")
        moment += away if sign == "-" else -away
    return _within_range(moment * 1_000_000 + (int(fraction[:6].ljust(6, "0")) if fraction else 0))


def to_rfc3339(moment_us: int) -> str:
    """RFC 3339 in UTC with `Z` and three digits of a second, or six where milliseconds do not suffice."""
    moment = _EPOCH + timedelta(microseconds=moment_us)
    digits = "microseconds" if moment_us % 1000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=digits) + "Z"


@lru_cache(maxsize=64)
def _days(day: str) -> int:
    try:
        return date.fromisoformat(day).toordinal() - _EPOCH_DAY
    except ValueError:
        raise InvalidTimestamp("must name a day that exists") from None


def _within_range(moment_us: int) -> int:
    if not EARLIEST_US <= moment_us <= LATEST_US:
        raise InvalidTimestamp("must lie within the years 1 to 9999")
    return moment_us
