"""What each problem status means, with an example."""

from typing import Any

DESCRIPTIONS = {
    400: "The body or a parameter is bad; `errors` says what.",
    403: "The page that asks is of another address.",
    404: "Nothing is known of the symbol.",
    409: "The first request with this Idempotency-Key is not answered yet.",
    408: "Nothing came for longer than `limits.stream_idle_seconds`.",
    413: "The body, or the batch, is too large.",
    415: "The body is of another media type.",
    422: "This Idempotency-Key was sent before, with another body.",
    507: "What should be on disk is not; `detail` says whether the ticks are in memory.",
    426: "Only a WebSocket is spoken here.",
    503: "Senders were held for too long under a rejecting policy, or the service is shutting down. "
    "Retry after `Retry-After`.",
}
_PROBLEM = {
    "type": "urn:marketdata:problem:validation-failed",
    "title": "The input breaks a rule",
    "status": 400,
    "detail": "price must be greater than 0.",
    "instance": "/api/prices",
    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
}
_ERRORS = [{"field": "price", "code": "not_positive", "message": "must be greater than 0"}]
# (type, title, detail) by status, where they differ from a failed validation.
_OTHERS: dict[int, tuple[str, str, str]] = {
    403: ("foreign-origin", "Not for this page", "The page that asks is of another address."),
    404: ("symbol-not-found", "Unknown symbol", "No price of NOSUCH has been processed."),
    408: ("too-slow", "Too slow", "The request did not arrive in time."),
    409: ("key-in-use", "Not answered yet", "The first request with this Idempotency-Key is not answered yet."),
    413: ("too-large", "Too large", "The body is larger than limits.max_body_bytes allows."),
    415: ("unsupported-media-type", "Unsupported media type", "Send Content-Type: application/json."),
    422: ("key-reused", "Another request", "This Idempotency-Key was sent before, with another body."),
    426: ("upgrade-required", "Only for WebSockets", "A WebSocket is spoken here."),
    503: ("unavailable", "Not now", "The service is shutting down and takes no more ticks."),
    507: ("storage-failed", "Not on disk", "Nothing was taken: the storage fails (disk is full)."),
}


def problem_example(status: int) -> dict[str, Any]:
    if status not in _OTHERS:
        return _PROBLEM | {"status": status, "errors": _ERRORS}
    kind, title, detail = _OTHERS[status]
    return _PROBLEM | {"type": f"urn:marketdata:problem:{kind}", "title": title, "status": status, "detail": detail}
