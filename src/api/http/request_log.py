"""Logs requests that fail."""

import structlog

from api.http.bodies import CLIENT_GONE
from application.ports.clock import Clock
from domain.rate import Rate

_RATE = Rate(per_second=10, burst_seconds=1)
_PATH_LENGTH_MAX = 200

_log = structlog.stdlib.get_logger(__name__)


class RequestLog:
    """Client errors at level info, server errors at level error; of each at most ten lines a second.

    How many were left out is logged with the next one. A client that disconnects is no error.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._client_errors = _Lines()
        self._server_errors = _Lines()

    def note(self, method: str, path: str, status: int, detail: str | None) -> None:
        """Log a request that was answered with an error. detail: of the problem."""
        if status == CLIENT_GONE:
            return
        lines, log = (self._server_errors, _log.error) if status >= 500 else (self._client_errors, _log.info)
        left_out = lines.take(self._clock.monotonic())
        if left_out is None:
            return
        more = {"left_out": left_out} if left_out else {}
        log("request refused", method=method, path=path[:_PATH_LENGTH_MAX], status=status, detail=detail, **more)


class _Lines:
    """The lines of one kind."""

    def __init__(self) -> None:
        self._until = 0.0
        self._left_out = 0

    def take(self, now: float) -> int | None:
        """How many were left out before this one; None if it is left out too."""
        if _RATE.wait(self._until, now) > 0:
            self._left_out += 1
            return None
        self._until = _RATE.paid(self._until, now, 1)
        left_out, self._left_out = self._left_out, 0
        return left_out
