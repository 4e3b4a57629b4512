"""Rate limits of keys and addresses.

Whoever sends more than it may is refused with 429, and told when to come back. Of one who stays within, the fields
`RateLimit-Policy` and `RateLimit` say how much is left (draft-ietf-httpapi-ratelimit-headers-10).
"""

from collections.abc import Callable

from api.http.asgi import Scope
from api.http.errors import RateLimited
from application.ports.clock import Clock
from domain.access.allowance import Allowance, Rates
from infrastructure.settings import LimitsSettings

# Scope key: the `Client` of a request.
CLIENT = "marketdata.client"


class Clients:
    """What the clients of one kind have used.

    The clients that were seen last are remembered, between `clients_max` and twice as many. A forgotten one starts
    anew, with no more than a burst.
    """

    def __init__(self, rates: Rates, clients_max: int) -> None:
        self.rates = rates
        self.refused = 0
        self._clients_max = clients_max
        self._recent: dict[str, Allowance] = {}
        self._older: dict[str, Allowance] = {}

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


class RateLimits:
    """Admits requests, and counts what they bring.

    A request counts for its address and, where there is sign-in, for its key or account, named by `sender`; empty if
    that is not known. now: the monotonic clock, in seconds.
    """

    def __init__(self, of_address: Rates, of_sender: Rates, clients_max: int, now: Callable[[], float]) -> None:
        self.now = now
        self.addresses = Clients(of_address, clients_max)
        self.senders = Clients(of_sender, clients_max)
        self._address_policy = _policy(of_address)
        self._sender_policy = _policy(of_sender)

    def admit(self, address: str, sender: str, now: float, requests: int, observations: int) -> None:
        """Count a request, or a part of one, if all of its limits have room. An empty address is not limited again.

        Raises:
            RateLimited: one of them has none. Nothing is counted.
        """
        addresses, senders = self.addresses, self.senders
        of_address = addresses.of(address) if address else None
        of_sender = senders.of(sender) if sender else None
        if of_address is not None:
            wait = addresses.rates.wait(of_address, now, requests, observations)
            if wait > 0:
                addresses.refused += 1
                raise RateLimited(wait)
        if of_sender is not None:
            wait = senders.rates.wait(of_sender, now, requests, observations)
            if wait > 0:
                senders.refused += 1
                raise RateLimited(wait)
            senders.rates.add(of_sender, now, requests, observations)
        if of_address is not None:
            addresses.rates.add(of_address, now, requests, observations)

    @property
    def refused(self) -> dict[str, int]:
        """Requests refused so far, by the limit that they exceeded."""
        return {"key": self.senders.refused, "address": self.addresses.refused}

    def add(self, address: str, sender: str, now: float, observations: int) -> None:
        """Count what a request has brought beyond what it was admitted with."""
        self.addresses.rates.add(self.addresses.of(address), now, 0, observations)
        if sender:
            self.senders.rates.add(self.senders.of(sender), now, 0, observations)

    def wait(self, address: str, sender: str, now: float) -> float:
        """Return in how many seconds more observations may come; 0 for now."""
        wait = self.addresses.rates.wait(self.addresses.of(address), now, 0, 1)
        if sender:
            wait = max(wait, self.senders.rates.wait(self.senders.of(sender), now, 0, 1))
        return wait

    def fields(self, address: str, sender: str, now: float) -> tuple[bytes, bytes]:
        """Return the values of `RateLimit-Policy` and `RateLimit`, of the sender where it is limited; empty if nobody
        is.
        """
        if sender and self._sender_policy:
            return self._sender_policy, _left(self.senders.rates, self.senders.of(sender), now)
        if self._address_policy:
            return self._address_policy, _left(self.addresses.rates, self.addresses.of(address), now)
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

    def enter(self) -> None:
        """Count a request for its address. Raises RateLimited."""
        self._limits.admit(self._address, "", self._limits.now(), 1, 0)

    def identify(self, sender: str) -> None:
        """Count the request for its sender. Raises RateLimited."""
        self._sender = sender
        if sender:
            self._limits.admit("", sender, self._limits.now(), 1, 0)

    def begin_observations(self) -> None:
        """Count an observation, before the others are decoded. Raises RateLimited."""
        self._limits.admit(self._address, self._sender, self._limits.now(), 0, 1)

    def add(self, observations: int) -> None:
        """Count what has been decoded beyond the first."""
        self._limits.add(self._address, self._sender, self._limits.now(), observations)

    def wait(self) -> float:
        """Return in how many seconds more observations may come; 0 for now."""
        return self._limits.wait(self._address, self._sender, self._limits.now())

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that say how much is left."""
        policy, left = self._limits.fields(self._address, self._sender, self._limits.now())
        return [(b"ratelimit-policy", policy), (b"ratelimit", left)] if policy else []


def rate_limits_of(settings: LimitsSettings, clock: Clock) -> RateLimits | None:
    """The limits of the settings; None if there are none."""
    of_address = Rates(
        settings.address_requests_per_second, settings.address_ticks_per_second, float(settings.burst_seconds)
    )
    of_sender = Rates(settings.key_requests_per_second, settings.key_ticks_per_second, float(settings.burst_seconds))
    if not (of_address.requests or of_address.observations or of_sender.requests or of_sender.observations):
        return None
    return RateLimits(of_address, of_sender, settings.max_remembered_clients, clock.monotonic)


def client_of(scope: Scope) -> Client | None:
    """Who a request comes from; None where nothing is limited."""
    return scope.get(CLIENT)


def _policy(rates: Rates) -> bytes:
    seconds = int(rates.burst_seconds)
    found = []
    if rates.requests:
        found.append(f'"requests";q={_quota(rates.requests, seconds)};w={seconds}')
    if rates.observations:
        found.append(f'"ticks";q={_quota(rates.observations, seconds)};w={seconds}')
    return ", ".join(found).encode()


def _quota(rate: float, seconds: int) -> int:
    # A rate may have been written as a fraction.
    return max(int(rate * seconds + 1e-6), 1)


def _left(rates: Rates, used: Allowance, now: float) -> bytes:
    if rates.requests:
        left, seconds = rates.requests_left(used, now)
        requests = b'"requests";r=%d;t=%d' % (left, seconds)
        if not rates.observations:
            return requests
        left, seconds = rates.observations_left(used, now)
        return b'%b, "ticks";r=%d;t=%d' % (requests, left, seconds)
    left, seconds = rates.observations_left(used, now)
    return b'"ticks";r=%d;t=%d' % (left, seconds)
