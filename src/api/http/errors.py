"""Errors between the socket and a command."""

from math import ceil

from application.errors import Unavailable


class MalformedBody(Exception):
    """The body is invalid for its media type. The message is safe to show to clients."""


class BodyTooLarge(Exception):
    """The body exceeds its limit, as sent or decoded."""

    def __init__(self, message: str = "The body is larger than limits.max_body_bytes allows.") -> None:
        super().__init__(message)


class UnsupportedCoding(Exception):
    """The body's Content-Encoding is not supported."""

    def __init__(self) -> None:
        super().__init__("Send the body with Content-Encoding: gzip or zstd, or without one.")


class MalformedRequest(Exception):
    """The received bytes are not HTTP."""

    def __init__(self, message: str = "The request is not valid HTTP.") -> None:
        super().__init__(message)


class MethodNotAllowed(Exception):
    """The resource has other methods. methods: those, separated by commas."""

    def __init__(self, method: str, methods: str) -> None:
        # Clients can invent methods.
        name = method if method.isascii() and method.isalpha() and len(method) <= 16 else "This method"
        super().__init__(f"{name} is not allowed here; allowed are {methods}.")
        self.methods = methods


class BadHandshake(Exception):
    """The request is not a valid WebSocket handshake. The message says why."""


class ForbiddenHost(Exception):
    """The request names a host that the service does not answer to."""

    def __init__(self) -> None:
        super().__init__("The service does not answer to this host; server.allowed_hosts names more.")


class ForeignOrigin(Exception):
    """A page of a foreign origin sent a request that has effects, or wants to watch."""

    def __init__(self) -> None:
        super().__init__("The page's origin is not among server.allowed_origins.")


class CrossSite(Exception):
    """A page of another origin might have sent the request."""

    def __init__(self) -> None:
        super().__init__("A request with a cookie that changes something needs the header X-Marketdata-Request.")


class UpgradeRequired(Exception):
    """The route serves WebSockets only."""

    def __init__(self) -> None:
        super().__init__("This route serves WebSockets only; use /api/stream for server-sent events.")


class HeadTooLarge(Exception):
    """The request head exceeds its limit."""

    def __init__(self) -> None:
        super().__init__("The request head is larger than 64 KiB.")


class TooManyConnections(Unavailable):
    """There are too many connections, of all clients or of this one's address."""

    def __init__(self) -> None:
        super().__init__("Too many connections are open.")


class RateLimited(Exception):
    """The client sends more than the rate limits allow. seconds: until it may send again."""

    def __init__(self, seconds: float) -> None:
        self.retry_after_seconds = ceil(seconds)
        super().__init__(f"The rate limit is reached; try again in {self.retry_after_seconds} s.")


class TooSlow(Exception):
    """The client missed a deadline for sending its request."""

    def __init__(self) -> None:
        super().__init__("The request did not arrive within the deadlines of [limits].")


class UnsupportedMediaType(Exception):
    """The route does not accept the body's media type. The message names those it accepts."""


class NotReady(Exception):
    """The service is not ready. The message says why."""
