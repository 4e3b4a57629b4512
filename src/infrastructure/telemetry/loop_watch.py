"""Measures how long the event loop keeps its tasks waiting."""

from application.ports.clock import Clock

_BEAT_SECONDS = 0.01
_SPAN_SECONDS = 10.0


class LoopWatch:
    """Sleeps for short intervals, and records how much longer each of them took."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._span_start = clock.monotonic()
        self._longest = 0.0
        self._longest_before = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = self._clock.monotonic() + _BEAT_SECONDS
            await self._clock.sleep(_BEAT_SECONDS)
            now = self._clock.monotonic()
            if now - self._span_start >= _SPAN_SECONDS:
                self._span_start = now
                self._longest_before = self._longest
                self._longest = 0.0
            self._longest = max(self._longest, now - due)

    def longest_stall(self) -> float:
        """Return the longest stall of the last 10 to 20 seconds, in seconds."""
        return max(self._longest, self._longest_before)
