"""How much a client may send.

The generic cell rate algorithm (ITU-T I.371, virtual scheduling): for each rate a client has one moment, up to which
what it has sent is paid for. O(1) in time and memory.
"""

# Rounding of moments.
_TOLERANCE_SECONDS = 1e-6


class Allowance:
    """What one client has used: the moments up to which its requests and its observations are paid for, in seconds."""

    def __init__(self) -> None:
        self.requests_until = 0.0
        self.observations_until = 0.0


class Rates:
    """What each client may send.

    requests, observations: a second; 0 for any number. burst_seconds: how many seconds' worth may come at once, and
    never less than one.

    How many observations a request brings is known only once it is decoded. So a request is admitted while there is
    room for one, and pays for all: a large batch is not refused for ever, but the next one waits longer.
    """

    def __init__(self, requests: float, observations: float, burst_seconds: float) -> None:
        self.requests = requests
        self.observations = observations
        self.burst_seconds = burst_seconds
        self._request_seconds = 1 / requests if requests else 0.0
        self._observation_seconds = 1 / observations if observations else 0.0
        self._requests_ahead = max(burst_seconds - self._request_seconds, 0.0) + _TOLERANCE_SECONDS
        self._observations_ahead = max(burst_seconds - self._observation_seconds, 0.0) + _TOLERANCE_SECONDS

    def wait(self, used: Allowance, now: float, requests: int, observations: int) -> float:
        """Return in how many seconds there is room; 0 for now. It makes no difference how many, beyond none."""
        wait = 0.0
        if requests and self.requests:
            wait = max(wait, used.requests_until - now - self._requests_ahead)
        if observations and self.observations:
            wait = max(wait, used.observations_until - now - self._observations_ahead)
        return wait

    def add(self, used: Allowance, now: float, requests: int, observations: int) -> None:
        """Count what a client sends."""
        if requests and self.requests:
            used.requests_until = max(used.requests_until, now) + requests * self._request_seconds
        if observations and self.observations:
            used.observations_until = max(used.observations_until, now) + observations * self._observation_seconds

    def requests_left(self, used: Allowance, now: float) -> tuple[int, int]:
        """Return how many requests may come at once, and in how many seconds it will be all of a burst again."""
        return _left(self.requests, self.burst_seconds, used.requests_until - now)

    def observations_left(self, used: Allowance, now: float) -> tuple[int, int]:
        """Like `requests_left`."""
        return _left(self.observations, self.burst_seconds, used.observations_until - now)


def _left(rate: float, burst_seconds: float, ahead_seconds: float) -> tuple[int, int]:
    if ahead_seconds <= 0:
        return int(rate * burst_seconds) or 1, 0
    left = int(rate * (burst_seconds - ahead_seconds) + rate * _TOLERANCE_SECONDS)
    return max(left, 0), -int(-ahead_seconds // 1)
