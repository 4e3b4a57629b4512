"""Rate limits of keys and addresses.

Whoever sends more than it may is refused with 429, and told when to come back. Of one who stays within, the fields
`RateLimit-Policy` and `RateLimit` say how much is left (draft-ietf-httpapi-ratelimit-headers-10).
"""

from collections.abc import Callable

from api.http.asgi import Scope
from api.http.errors import RateLimited
from application.access.errors import Unauthenticated
from application.ports.clock import Clock
from domain.rate import Rate
from infrastructure.settings import LimitsSettings

# Scope key: the `Client` of a request.
CLIENT = "marketdata.client"


class Allowance:
    """Up to when what a client has sent is paid for, in seconds."""

    def __init__(self) -> None:
        self.requests_until = 0.0
        self.observations_until = 0.0


class Clients:
    """What the clients of one kind may send, and what they have sent.

    How many observations a request brings is known only once it is decoded. So a request is admitted while there is
    room for one, and pays for all: a large batch is not refused for ever, but the next one waits longer.

    The clients that were seen last are remembered, between `clients_max` and twice as many. A forgotten one starts
    anew, with no more than a burst.
    """

    def __init__(self, requests: Rate, observations: Rate, clients_max: int) -> None:
        self.refused = 0
        self._requests = requests
        self._observations = observations
        self._clients_max = clients_max
        self._recent: dict[str, Allowance] = {}
        self._older: dict[str, Allowance] = {}
        self.policy = _policy(requests, observations)

    def of(self, name: str) -> Allowance:
        used = self._recent.get(name)
        if used is None:
            used = self._older.get(name) or Allowance()
            if len(self._recent) >= self._clients_max:
                self._older = self._recent
                self._recent = {}
            self._recent[name] = used
        return used

    def __len__(self) -> int:
        return len(self._recent) + len(self._older)

    def wait(self, name: str, now: float, requests: int, observations: int) -> float:
        """Return in how many seconds there is room; 0 for now. It makes no difference how many, beyond none."""
        used = self.of(name)
        wait = self._requests.wait(used.requests_until, now) if requests else 0.0
        return max(wait, self._observations.wait(used.observations_until, now)) if observations else wait

    def add(self, name: str, now: float, requests: int, observations: int) -> None:
        """Count what a client sends."""
        used = self.of(name)
        if requests:
            used.requests_until = self._requests.paid(used.requests_until, now, requests)
        if observations:
            used.observations_until = self._observations.paid(used.observations_until, now, observations)

    def left(self, name: str, now: float) -> bytes:
        """Return the value of `RateLimit`. Something must be limited."""
        used = self.of(name)
        ticks, ticks_seconds = self._observations.left(used.observations_until, now)
        if not self._requests.per_second:
            return b'"ticks";r=%d;t=%d' % (ticks, ticks_seconds)
        requests, requests_seconds = self._requests.left(used.requests_until, now)
        if not self._observations.per_second:
            return b'"requests";r=%d;t=%d' % (requests, requests_seconds)
        return b'"requests";r=%d;t=%d, "ticks";r=%d;t=%d' % (requests, requests_seconds, ticks, ticks_seconds)


class RateLimits:
    """Admits requests, and counts what they bring.

    A request counts for its address and, where there is sign-in, for its key or account, named by `sender`; empty if
    that is not known. now: the monotonic clock, in seconds.
    """

    def __init__(self, addresses: Clients, senders: Clients, now: Callable[[], float]) -> None:
        self.now = now
        self.addresses = addresses
        self.senders = senders

    @property
    def refused(self) -> dict[str, int]:
        """Requests refused so far, by the limit that they exceeded."""
        return {"key": self.senders.refused, "address": self.addresses.refused}

    def admit(self, address: str, sender: str, now: float, requests: int, observations: int) -> None:
        """Count a request, or a part of one, if all of its limits have room. An empty address is not limited again.

        Raises:
            RateLimited: one of them has none. Nothing is counted.
        """
        if address:
            _check(self.addresses, address, now, requests, observations)
        if sender:
            _check(self.senders, sender, now, requests, observations)
            self.senders.add(sender, now, requests, observations)
        if address:
            self.addresses.add(address, now, requests, observations)

    def add(self, address: str, sender: str, now: float, observations: int) -> None:
        """Count what a request has brought beyond what it was admitted with."""
        self.addresses.add(address, now, 0, observations)
        if sender:
            self.senders.add(sender, now, 0, observations)

    def wait(self, address: str, sender: str, now: float) -> float:
        """Return in how many seconds more observations may come; 0 for now."""
        wait = self.addresses.wait(address, now, 0, 1)
        return max(wait, self.senders.wait(sender, now, 0, 1)) if sender else wait

    def fields(self, address: str, sender: str, now: float) -> tuple[bytes, bytes]:
        """Return the values of `RateLimit-Policy` and `RateLimit`, of the sender where it is limited; empty if nobody
        is.
        """
        if sender and self.senders.policy:
            return self.senders.policy, self.senders.left(sender, now)
        if self.addresses.policy:
            return self.addresses.policy, self.addresses.left(address, now)
        return b"", b""

    def header_lines(self, address: str, sender: str, now: float) -> bytes:
        """Return the headers with these fields, each behind a line break."""
        policy, left = self.fields(address, sender, now)
        return b"\r\nratelimit-policy: %b\r\nratelimit: %b" % (policy, left) if policy else b""


class Client:
    """The sender of one request, as the limits see it. sender: empty until it is known."""

    def __init__(self, limits: RateLimits, address: str, sender: str = "") -> None:
        self._limits = limits
        self._address = address
        self._sender = sender
        self._is_known: Callable[[], bool] | None = None

    def enter(self) -> None:
        """Count a request for its address. Raises RateLimited."""
        self._limits.admit(self._address, "", self._limits.now(), 1, 0)

    def identify(self, sender: str, is_known: Callable[[], bool]) -> None:
        """Count the request for its sender. is_known: whether its key is still valid. Raises RateLimited."""
        self._sender = sender
        self._is_known = is_known
        self._limits.admit("", sender, self._limits.now(), 1, 0)

    def begin_observations(self) -> None:
        """Count an observation, before the others are decoded. Raises RateLimited."""
        self._limits.admit(self._address, self._sender, self._limits.now(), 0, 1)

    def add(self, observations: int) -> None:
        """Count what has been decoded beyond the first."""
        self._limits.add(self._address, self._sender, self._limits.now(), observations)

    def wait(self) -> float:
        """Return in how many seconds more observations may come; 0 for now.

        Raises:
            Unauthenticated: the key has become invalid meanwhile.
        """
        if self._is_known is not None and not self._is_known():
            raise Unauthenticated
        return self._limits.wait(self._address, self._sender, self._limits.now())

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that say how much is left."""
        policy, left = self._limits.fields(self._address, self._sender, self._limits.now())
        return [(b"ratelimit-policy", policy), (b"ratelimit", left)] if policy else []


def rate_limits_of(settings: LimitsSettings, clock: Clock) -> RateLimits | None:
    """The limits of the settings; None if there are none."""

    def clients(requests: float, observations: float) -> Clients:
        burst_seconds = float(settings.burst_seconds)
        rates = Rate(requests, burst_seconds), Rate(observations, burst_seconds)
        return Clients(*rates, settings.max_remembered_clients)

    addresses = clients(settings.address_requests_per_second, settings.address_ticks_per_second)
    senders = clients(settings.key_requests_per_second, settings.key_ticks_per_second)
    return RateLimits(addresses, senders, clock.monotonic) if addresses.policy or senders.policy else None


def client_of(scope: Scope) -> Client | None:
    """Who a request comes from; None where nothing is limited."""
    return scope.get(CLIENT)


def _check(clients: Clients, name: str, now: float, requests: int, observations: int) -> None:
    wait = clients.wait(name, now, requests, observations)
    if wait > 0:
        clients.refused += 1
        raise RateLimited(wait)


def _policy(requests: Rate, observations: Rate) -> bytes:
    named = (("requests", requests), ("ticks", observations))
    found = [f'"{name}";q={rate.burst};w={rate.burst_seconds:g}' for name, rate in named if rate.per_second]
    return ", ".join(found).encode()
