"""The trace of the current request."""

import random
import re
from contextvars import ContextVar
from itertools import count

# W3C Trace Context, version 00: version-traceid-parentid-flags. An all-zero id is invalid.
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})\Z")


# Random for each process; counting on from there is cheaper than more randomness.
_PROCESS = f"{random.getrandbits(64):016x}"
_ids = count(random.getrandbits(62) | 1)


def new_trace_id() -> str:
    """Return 32 hex digits that no other request has."""
    return f"{_PROCESS}{next(_ids):016x}"


class TraceContext:
    """One request's trace id: the caller's if it sent a `traceparent`, else one generated on first use.

    sampled_by_caller: the caller records this trace, and expects the same here.
    sampled: spans of this request are recorded.
    problem: detail of the problem that the request is answered with, for the log.
    """

    __slots__ = ("_trace_id", "problem", "sampled", "sampled_by_caller", "traceparent")

    def __init__(self, traceparent: bytes | None = None) -> None:
        match = _TRACEPARENT.match(traceparent) if traceparent else None
        self.traceparent = match.group().decode() if match else None
        self._trace_id = match.group(1).decode() if match else None
        self.sampled = False
        self.problem: str | None = None
        self.sampled_by_caller = bool(match and int(match.group(2), 16) & 1)

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        if self._trace_id is None:
            self._trace_id = new_trace_id()
        return self._trace_id

    def sample_as(self, trace_id: str) -> None:
        """Mark the request as sampled, under this trace id."""
        self.sampled = True
        self._trace_id = trace_id


current_trace: ContextVar[TraceContext | None] = ContextVar("current_trace", default=None)
