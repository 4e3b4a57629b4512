"""The trace of the current request."""

import random
import re
from contextvars import ContextVar

# W3C Trace Context, version 00: version-traceid-parentid-flags. An all-zero id is invalid.
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})\Z")


class TraceContext:
    """One request's trace id: the caller's if it sent a `traceparent`, else one generated on first use.

    sampled_by_caller: the caller records this trace, and expects the same here.
    sampled: spans of this request are recorded.
    """

    __slots__ = ("_trace_id", "sampled", "sampled_by_caller", "traceparent")

    def __init__(self, traceparent: bytes | None = None) -> None:
        match = _TRACEPARENT.match(traceparent) if traceparent else None
        self.traceparent = match.group().decode() if match else None
        self._trace_id = match.group(1).decode() if match else None
        self.sampled = False
        self.sampled_by_caller = bool(match and int(match.group(2), 16) & 1)

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        if self._trace_id is None:
            self._trace_id = f"{random.getrandbits(128) | 1:032x}"
        return self._trace_id

    def sample_as(self, trace_id: str) -> None:
        """Mark the request as sampled, under this trace id."""
        self.sampled = True
        self._trace_id = trace_id


current_trace: ContextVar[TraceContext | None] = ContextVar("current_trace", default=None)
