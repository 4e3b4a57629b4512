"""Errors between the socket and a command."""


class MalformedBody(Exception):
    """The body is invalid for its media type. The message is safe to show to clients."""


class MalformedRequest(Exception):
    """The received bytes are not HTTP."""

    def __init__(self) -> None:
        super().__init__("What was sent is no HTTP request.")


class BadHandshake(Exception):
    """The request is not a valid WebSocket handshake. The message says why."""


class ForeignOrigin(Exception):
    """A page of a foreign origin requested a WebSocket."""

    def __init__(self) -> None:
        super().__init__("The page that asks is of another address, and not among stream.allowed_origins.")


class UpgradeRequired(Exception):
    """The route serves WebSockets only."""

    def __init__(self) -> None:
        super().__init__("A WebSocket is spoken here; for server-sent events there is /api/stream.")


class HeadTooLarge(Exception):
    """The request head exceeds its limit."""

    def __init__(self) -> None:
        super().__init__("The head of the request is larger than 64 KiB.")


class TooSlow(Exception):
    """The client missed a deadline for sending its request."""

    def __init__(self) -> None:
        super().__init__("The request did not arrive in the time that limits.head_seconds and the like allow.")


class UnsupportedMediaType(Exception):
    """The route does not accept the body's media type. The message names those it accepts."""


class NotReady(Exception):
    """The service is not ready. The message says why."""
