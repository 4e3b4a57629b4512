"""What can go wrong between the socket and a command."""


class MalformedBody(Exception):
    """The body is not what its media type says. The message is fit to be shown."""


class MalformedRequest(Exception):
    """What came is not HTTP."""

    def __init__(self) -> None:
        super().__init__("What was sent is no HTTP request.")


class BadHandshake(Exception):
    """What came is no request for a WebSocket. The message says why."""


class ForeignOrigin(Exception):
    """A page of another address wants a WebSocket."""

    def __init__(self) -> None:
        super().__init__("The page that asks is of another address, and not among stream.allowed_origins.")


class UpgradeRequired(Exception):
    """Only a WebSocket is spoken there."""

    def __init__(self) -> None:
        super().__init__("A WebSocket is spoken here; for server-sent events there is /api/stream.")


class HeadTooLarge(Exception):
    """The head of the request does not end."""

    def __init__(self) -> None:
        super().__init__("The head of the request is larger than 64 KiB.")


class TooSlow(Exception):
    """The client took longer over its request than the limits allow."""

    def __init__(self) -> None:
        super().__init__("The request did not arrive in the time that limits.head_seconds and the like allow.")


class UnsupportedMediaType(Exception):
    """The body is of a type that the route does not take. The message says which ones it does."""


class NotReady(Exception):
    """The service cannot do its work now. The message says why."""
