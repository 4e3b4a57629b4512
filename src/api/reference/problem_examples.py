"""What each problem status means, with an example made from the error itself."""

import msgspec

from api.http.errors import (
    BodyTooLarge,
    ForbiddenHost,
    ForeignOrigin,
    MethodNotAllowed,
    NotReady,
    RateLimited,
    TooSlow,
    UnsupportedMediaType,
    UpgradeRequired,
)
from api.http.problems import problem_of, problem_view
from api.reference.documented import Json
from application.access.errors import TooManyAttempts, WrongPassword
from application.errors import (
    AnomalyNotFound,
    Draining,
    FieldError,
    HistoryDisabled,
    KeyInUse,
    KeyReused,
    OptionNotFound,
    StorageFailed,
    SymbolNotFound,
    ValidationFailed,
)
from application.rules.errors import (
    AlertClosed,
    AlertNotFound,
    BacktestNotFound,
    DeadLetterNotFound,
    RuleChanged,
    RuleExists,
    RuleNotFound,
)

DESCRIPTIONS = {
    400: "The body or a parameter is invalid; `errors` names the field.",
    401: "The name, the password, the invitation or the session is wrong.",
    403: "The page's origin is not in `server.allowed_origins`.",
    404: "No price of the symbol has been processed, or there is no such resource.",
    405: "The resource has other methods, which `Allow` names.",
    408: "Nothing came for longer than `limits.stream_idle_seconds`.",
    409: "The resource is in another state: a rule has changed since it was read, an alert is resolved, or the first "
    "request with this Idempotency-Key is still being processed.",
    413: "The body, or the batch, is too large.",
    415: "The body has another media type or content coding.",
    421: "The request names a host that the service does not answer to; `server.allowed_hosts` names more.",
    422: "This Idempotency-Key was used before with a different body.",
    426: "This route serves WebSockets only.",
    429: "More than the rate limits in `[limits]` allow, or too many wrong passwords. Retry after `Retry-After`.",
    503: "Senders were held for too long under a rejecting policy, or the service is shutting down. "
    "Retry after `Retry-After`.",
    507: "The ticks could not be stored; `detail` says whether they are in memory.",
}
_OF_RULES = ("/api/rules", "/api/alerts", "/api/notifications")
_ID = "f3c0a1d2b4958677a9b8c7d6e5f40312"
_TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
_ERRORS: dict[int, Exception] = {
    401: WrongPassword(),
    403: ForeignOrigin(),
    404: SymbolNotFound("NOSUCH"),
    405: MethodNotAllowed("DELETE", "GET, HEAD, OPTIONS"),
    408: TooSlow(),
    409: KeyInUse(),
    413: BodyTooLarge(),
    415: UnsupportedMediaType("Send Content-Type: application/json."),
    421: ForbiddenHost(),
    422: KeyReused(),
    426: UpgradeRequired(),
    429: RateLimited(2),
    503: Draining(),
    507: StorageFailed("disk is full", taken=False),
}
_BAD_TICK = ValidationFailed([FieldError("price", "not_positive", "must be greater than 0")])
_BAD_QUERY = ValidationFailed([FieldError("numbers", "unknown_value", "must be one of number, string")])


def problem_example(status: int, method: str, path: str) -> Json:
    """The example of a status for an operation. path: its template."""
    error: Exception
    if path.startswith(_OF_RULES) and (own := _of_rules(status, path)) is not None:
        error = own
    elif status == 400:
        error = _BAD_TICK if method == "post" else _BAD_QUERY
    elif status == 404 and path.startswith("/api/options/"):
        error = OptionNotFound("product", "NOSUCH")
    elif status == 404 and path.endswith("{id}"):
        error = AnomalyNotFound(_ID)
    elif status == 429 and path.startswith("/api/auth/"):
        error = TooManyAttempts(4)
    elif status == 503 and path == "/health/ready":
        error = NotReady("The workers are not running, or are draining.")
    else:
        error = _ERRORS[status]
    return example_of(error, path)


def _of_rules(status: int, path: str) -> Exception | None:
    """The errors that are those of rules and alerts."""
    is_alert = path.startswith("/api/alerts")
    if path.startswith("/api/notifications"):
        return DeadLetterNotFound(f"{_ID}-raised-ops") if status == 404 else None
    if path.startswith("/api/rules/backtest") and status == 404:
        return BacktestNotFound(_ID) if "{id}" in path else HistoryDisabled()
    match status:
        case 400:
            return None if is_alert else ValidationFailed([FieldError("keys", "missing", "is required")])
        case 404:
            return AlertNotFound(_ID) if is_alert else RuleNotFound(_ID)
        case 409:
            return AlertClosed("resolved") if is_alert else RuleChanged(2) if "{id}" in path else RuleExists("gold")
        case _:
            return None


def example_of(error: Exception, path: str) -> Json:
    """The problem that an error is answered with. path: template of the operation."""
    instance = path.replace("{symbol}", "AAPL").replace("{id}", _ID)
    instance = instance.replace("{product}", "NIFTY").replace("{contract}", "NIFTY-2026-01-29-21500-C")
    view = problem_view(problem_of(error, instance), instance, _TRACE_ID)
    example: Json = msgspec.to_builtins(view)
    return example
