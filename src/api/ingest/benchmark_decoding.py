"""Decodes bytes into a run of a benchmark."""

import re

import msgspec

from api.http.errors import MalformedBody
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from api.views.benchmarks import BenchmarkBody
from application.errors import FieldError, ValidationFailed
from domain.benchmarks.benchmark_run import BenchmarkRun

_BODY = msgspec.json.Decoder(BenchmarkBody)
_WHERE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


def decode_benchmark(body: bytes, now_us: int) -> BenchmarkRun:
    """Decode a body; `now_us` is the default timestamp.

    Raises:
        MalformedBody: the body is not JSON.
        ValidationFailed: it is not a run of a benchmark.
    """
    try:
        given = _BODY.decode(body)
        timestamp_us = now_us if given.timestamp is None else _moment_us(given.timestamp)
    except msgspec.ValidationError as error:
        raise ValidationFailed([_error_of(str(error))]) from None
    except InvalidTimestamp as error:
        raise ValidationFailed([FieldError("timestamp", "invalid_timestamp", str(error))]) from None
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not valid UTF-8 (byte {error.start}).") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise MalformedBody(f"The body is not JSON: {reason}.") from None
    return BenchmarkRun(
        given.test_type,
        given.test_name,
        timestamp_us,
        msgspec.json.encode(given.config).decode(),
        given.total_trades,
        given.duration_seconds,
        given.trades_per_second,
        given.queue_full_count,
        given.error_count,
        given.latency_stats.latency,
    )


def _error_of(message: str) -> FieldError:
    """The field error in what msgspec says."""
    where = _WHERE.search(message)
    said = ascii(_WHERE.sub("", message)[:200])[1:-1]
    return FieldError("" if where is None else where["path"], "invalid", f"is wrong: {said[:1].lower()}{said[1:]}")


def _moment_us(moment: int | str) -> int:
    return from_rfc3339(moment) if isinstance(moment, str) else from_milliseconds(moment)
