"""Bodies that mean harm, or nothing at all. `hostile_bodies.ndjson` has them, each with the class of its answer.

A character of `body` is a byte; `times` repeats it. Where possible a body has a word in it that must not be logged.
"""

import json
import logging
import re
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from support.fakes import FakeClock
from support.wire import Way, both_ways

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("hostile_bodies.ndjson").read_text().splitlines()
]
CANARY = "canary7f3a"


def request_of(case: dict[str, Any]) -> bytes:
    body: bytes = case["body"].encode("latin-1") * case.get("times", 1)
    head = f"POST {case['path']} HTTP/1.1\r\nHost: x\r\nContent-Type: {case['type']}\r\nContent-Length: {len(body)}"
    return b"%b\r\n\r\n%b" % (head.encode(), body)


async def answered(way: Way, request: bytes) -> list[bytes]:
    """The statuses of the answers. The clock moves on, so that each refusal is logged."""
    clock = cast("FakeClock", way.container.clock())
    clock.jump(clock.monotonic() + 1.0)
    return re.findall(rb"^HTTP/1\.1 (\d+) ", await way.exchange(request), re.MULTILINE)


def test_there_are_enough() -> None:
    assert len(CASES) >= 400
    assert {case["path"] for case in CASES} == {"/api/prices", "/api/prices/batch", "/api/prices/stream"}
    assert sum(CANARY in case["body"].lower() for case in CASES) >= 200


async def test_hostile_bodies_are_answered_alike_and_leave_no_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    refusals = 0
    with capture_logs() as logged:
        async with both_ways() as ways:
            for case in CASES:
                request = request_of(case)
                statuses = [await answered(way, request) for way in ways]
                shown = f"{case['name']}, {case['type']}, {case['path']}"
                assert statuses[0] == statuses[1], shown
                assert [status[:1] + b"xx" for status in statuses[0]] == [case["status"].encode()], shown
                assert CANARY not in f"{logged}{caplog.text}".lower(), shown
                assert {each["log_level"] for each in logged} <= {"info"}, shown
                refusals += len(logged)
                logged.clear()
                caplog.clear()
    # Each way has logged each refusal.
    assert refusals == 2 * sum(case["status"] == "4xx" for case in CASES)
