"""What the document cannot say, for schemathesis, which loads this module into its own process."""

import time
from datetime import datetime
from typing import Any

import schemathesis
from schemathesis.core import NotSet

_SKEW_SECONDS = 60
_LINES = "application/x-ndjson"
_ARROW = "application/vnd.apache.arrow.stream"
# A GET of these paths finds the symbols BATCH and STREAM, which `Allow` says and the document cannot.
_ALSO_SYMBOLS = ("/api/prices/batch", "/api/prices/stream", "/api/trades/batch")
# Of a machine, or of a sensor, by the document.
_NAME_LENGTH_MAX = 31
_INTEGERS = ("timestamp", "totalTrades", "queueFullCount", "errorCount")
_keys: set[str] = set()


@schemathesis.serializer(_LINES)
def lines(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer(_ARROW)
def arrow(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Leave out what is valid by its schema and yet not always: whether it is depends on the clock, or on the past."""
    if case.method == "OPTIONS" and case.path in _ALSO_SYMBOLS:
        return False
    query = case.query if isinstance(case.query, dict) else {}
    if "strikes" in query or (case.path == "/api/options/chains" and case.meta.generation.mode.is_negative):
        # Two strikes have an order; and the good quotes of a chain are accepted, whatever the others are.
        return False
    if query.get("cursor") is not None or ("to" in query and query.keys() & {"from", "since"}):
        return False
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str):
        if key in _keys:
            return False
        _keys.add(key)
    if case.media_type == _ARROW:
        # To the document it is any bytes, of which hardly any are an Arrow stream.
        return isinstance(case.body, NotSet)
    if case.media_type == _LINES:
        # Lines are text to the document, which has an example of them.
        return isinstance(case.body, NotSet) or str(case.body).startswith(('{"s', '{"product":', '{"machineId"'))
    if case.path.startswith("/api/rules"):
        return _is_timeless_rule(case)
    if isinstance(case.body, list) and case.meta.generation.mode.is_negative and len(case.body) > 1:
        # The good ticks of a batch are accepted, whatever the others are.
        return False
    ticks = case.body if isinstance(case.body, list) else [case.body]
    if isinstance(case.body, dict) and case.path == "/api/options/chains":
        ticks = [case.body, *case.body.get("calls", ()), *case.body.get("puts", ())]
    return all(_is_timeless(tick) for tick in ticks if isinstance(tick, dict))


def _is_timeless_rule(case: Any) -> bool:
    if case.path == "/api/rules/backtest" and (case.headers or {}).get("Prefer"):
        # So many as are begun here at once get 503.
        return False
    if not isinstance(case.body, dict) or case.meta.generation.mode.is_negative:
        return True
    if case.body.get("from") is not None and case.body.get("to") is not None:
        return False
    if case.method == "PUT" and case.body.get("id") is not None:
        # It must be the one in the path.
        return False
    return _is_simple_rule(case.body.get("rule", case.body))


def _is_simple_rule(rule: Any) -> bool:
    """Whether a rule that is valid by its schema is one: what else it takes is said in words."""
    return (
        isinstance(rule, dict)
        and (rule.get("subject"), rule.get("keys")) == ("prices", ["GOLD", "XAU*"])
        and rule.get("condition") == {"level": {"above": 110}}
        and rule.get("clear") in (None, {"level": {"below": 109}})
        and not rule.get("notify")
        and all(str(rule.get(name, "x")).isprintable() for name in ("name", "note"))
        and str(rule.get("name")).strip() != ""
        and rule.get("cooldownSeconds", 60) in (None, 60)
    )


def _is_timeless(tick: dict[str, Any]) -> bool:
    latest = time.time() + _SKEW_SECONDS
    timestamp = tick.get("timestamp")
    if not all(str(tick.get(name, "")).isprintable() for name in ("id", "venue", "testName", "unit")):
        return False
    if any(len(str(tick.get(name, ""))) > _NAME_LENGTH_MAX for name in ("machineId", "sensorType")):
        # Together they may have more than twice as many, so a longer one may be valid.
        return False
    if any(isinstance(tick.get(name), float) for name in _INTEGERS):
        # To JSON Schema 1.0 is an integer.
        return False
    if isinstance(timestamp, int):
        return timestamp / 1000 <= latest
    try:
        return datetime.fromisoformat(str(timestamp)).timestamp() <= latest
    except (ValueError, OverflowError):
        return True
