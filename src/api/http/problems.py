"""Maps errors to problem answers.

| error | status | type |
|---|---|---|
| MalformedRequest | 400 | malformed-request |
| BadHandshake | 400 | bad-handshake |
| Unauthenticated | 401, with WWW-Authenticate | unauthenticated |
| WrongPassword | 401, with WWW-Authenticate | wrong-password |
| Forbidden | 403 | forbidden |
| CrossSite | 403 | cross-site |
| TooManyAttempts | 429, with Retry-After | too-many-attempts |
| RateLimited | 429, with Retry-After | rate-limited |
| ForeignOrigin | 403 | foreign-origin |
| ForbiddenHost | 421 | forbidden-host |
| UpgradeRequired | 426 | upgrade-required |
| MalformedBody | 400 | malformed-body |
| ValidationFailed | 400 | validation-failed |
| SymbolNotFound | 404 | symbol-not-found |
| OptionNotFound | 404 | option-not-found |
| AnomalyNotFound | 404 | anomaly-not-found |
| DeadReadingNotFound | 404 | dead-letter-not-found |
| no such route | 404 | not-found |
| MethodNotAllowed | 405, with Allow | method-not-allowed |
| TooSlow | 408 | too-slow |
| HistoryDisabled | 404 | history-disabled |
| RuleNotFound, AlertNotFound | 404 | rule-not-found, alert-not-found |
| DeadLetterNotFound, BacktestNotFound | 404 | dead-letter-not-found, backtest-not-found |
| RuleExists, RuleChanged, RuleInFile, TooManyRules | 409 | rule-exists, rule-changed, rule-in-file, too-many-rules |
| AlertClosed | 409 | alert-closed |
| KeyInUse | 409 | key-in-use |
| KeyReused | 422 | key-reused |
| body or batch too large | 413 | too-large |
| HeadTooLarge | 431 | head-too-large |
| UnsupportedMediaType | 415 | unsupported-media-type |
| UnsupportedCoding | 415, with Accept-Encoding | unsupported-coding |
| StorageFailed | 507 | storage-failed |
| Overloaded, QueueFull, QueueOverflowed, Draining | 503, with Retry-After | unavailable |
| TooManyConnections, TooManyWatchers, TooManyBacktests, HistoryUnavailable | 503, with Retry-After | unavailable |
| not ready | 503 | not-ready |
| another ClientException of the framework | its own | bad-request |
| BacktestFailed | 500 | backtest-failed |
| anything else | 500 | internal-error |
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from api.http.bodies import CLIENT_GONE, ClientGone
from api.http.content_coding import CODINGS
from api.http.errors import (
    BadHandshake,
    BodyTooLarge,
    CrossSite,
    ForbiddenHost,
    ForeignOrigin,
    HeadTooLarge,
    MalformedBody,
    MalformedRequest,
    MethodNotAllowed,
    NotReady,
    RateLimited,
    TooSlow,
    UnsupportedCoding,
    UnsupportedMediaType,
    UpgradeRequired,
)
from api.http.methods import METHODS
from api.views.problem import ErrorView, ProblemView
from api.views.view import encode
from application.access.errors import Forbidden, TooManyAttempts, Unauthenticated, WrongPassword
from application.errors import (
    RETRY_AFTER_SECONDS,
    AnomalyNotFound,
    BatchTooLarge,
    DeadReadingNotFound,
    HistoryDisabled,
    KeyInUse,
    KeyReused,
    OptionNotFound,
    StorageFailed,
    SymbolNotFound,
    Unavailable,
    ValidationFailed,
)
from application.rules.errors import (
    AlertClosed,
    AlertNotFound,
    BacktestFailed,
    BacktestNotFound,
    DeadLetterNotFound,
    RuleChanged,
    RuleExists,
    RuleInFile,
    RuleNotFound,
    TooManyRules,
)
from infrastructure.telemetry.trace_context import TraceContext, current_trace

MEDIA_TYPE = "application/problem+json"
# What the framework says of a client that leaves in the middle of its body.
_LEFT = "client disconnected prematurely"

# Key in the `opt` of a page that shows the sign-in page to whoever is not signed in.
PAGE = "page"

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the table above, with a detail about this case. logged: instead of it, if it quotes a body."""

    kind: str
    title: str
    status: int
    detail: str
    errors: tuple[ErrorView, ...] = ()
    logged: str = ""


def problem_of(error: Exception, path: str) -> Problem:  # noqa: PLR0912  # a table
    """Map an error by the table above. Unexpected errors are logged with their path."""
    match error:
        case MalformedRequest():
            return Problem("malformed-request", "Malformed request", 400, str(error))
        case BadHandshake():
            return Problem("bad-handshake", "Bad WebSocket handshake", 400, str(error))
        case Unauthenticated():
            return Problem("unauthenticated", "Not signed in", 401, str(error))
        case WrongPassword():
            return Problem("wrong-password", "Wrong name or password", 401, str(error))
        case CrossSite():
            return Problem("cross-site", "Not from this site", 403, str(error))
        case TooManyAttempts():
            return Problem("too-many-attempts", "Too many attempts", 429, str(error))
        case RateLimited():
            return Problem("rate-limited", "Rate limit reached", 429, str(error))
        case Forbidden():
            return Problem("forbidden", "Not allowed", 403, str(error))
        case ForeignOrigin():
            return Problem("foreign-origin", "Origin not allowed", 403, str(error))
        case ForbiddenHost():
            return Problem("forbidden-host", "Host not allowed", 421, str(error))
        case UpgradeRequired():
            return Problem("upgrade-required", "Upgrade required", 426, str(error))
        case MalformedBody():
            return Problem("malformed-body", "Malformed body", 400, str(error))
        case ValidationFailed():
            errors = tuple(map(ErrorView.of, error.errors))
            logged = _summary(error, quoting=False)
            return Problem("validation-failed", "Validation failed", 400, _summary(error), errors, logged)
        case SymbolNotFound():
            return Problem("symbol-not-found", "Unknown symbol", 404, str(error))
        case OptionNotFound():
            return Problem("option-not-found", "Unknown product, expiry or contract", 404, str(error))
        case DeadReadingNotFound():
            return Problem("dead-letter-not-found", "Unknown dead letter", 404, str(error))
        case AnomalyNotFound():
            return Problem("anomaly-not-found", "Unknown anomaly", 404, str(error))
        case RuleNotFound():
            return Problem("rule-not-found", "Unknown rule", 404, str(error))
        case AlertNotFound():
            return Problem("alert-not-found", "Unknown alert", 404, str(error))
        case DeadLetterNotFound():
            return Problem("dead-letter-not-found", "Unknown dead letter", 404, str(error))
        case BacktestNotFound():
            return Problem("backtest-not-found", "Unknown back-test", 404, str(error))
        case RuleExists():
            return Problem("rule-exists", "Rule exists", 409, str(error))
        case RuleChanged():
            return Problem("rule-changed", "Rule changed", 409, str(error))
        case RuleInFile():
            return Problem("rule-in-file", "Rule of a file", 409, str(error))
        case TooManyRules():
            return Problem("too-many-rules", "Too many rules", 409, str(error))
        case BacktestFailed():
            return Problem("backtest-failed", "Back-test failed", 500, str(error))
        case AlertClosed():
            return Problem("alert-closed", "Not in this state", 409, str(error))
        case HistoryDisabled():
            return Problem("history-disabled", "No history", 404, str(error))
        case KeyInUse():
            return Problem("key-in-use", "Idempotency key in use", 409, str(error))
        case KeyReused():
            return Problem("key-reused", "Idempotency key reused", 422, str(error))
        case StorageFailed():
            return Problem("storage-failed", "Storage failed", 507, str(error))
        case NotFoundException():
            return Problem("not-found", "Not found", 404, "No such resource; /schema lists all routes.")
        case MethodNotAllowed():
            return Problem("method-not-allowed", "Method not allowed", 405, str(error))
        case HeadTooLarge():
            return Problem("head-too-large", "Request head too large", 431, str(error))
        case TooSlow():
            return Problem("too-slow", "Request timeout", 408, str(error))
        case BatchTooLarge():
            return Problem("too-large", "Content too large", 413, str(error))
        case BodyTooLarge():
            return Problem("too-large", "Content too large", 413, str(error))
        case RequestEntityTooLarge():
            return Problem("too-large", "Content too large", 413, str(BodyTooLarge()))
        case UnsupportedMediaType():
            return Problem("unsupported-media-type", "Unsupported media type", 415, str(error))
        case UnsupportedCoding():
            return Problem("unsupported-coding", "Unsupported content coding", 415, str(error))
        case Unavailable():
            return Problem("unavailable", "Service unavailable", 503, str(error))
        case NotReady():
            return Problem("not-ready", "Not ready", 503, str(error))
        case ClientException():
            return Problem("bad-request", "Bad request", error.status_code, "The request cannot be understood.")
        case _:
            _log.error("request failed", path=path, exc_info=error)
            return Problem(
                "internal-error",
                "Internal error",
                500,
                "Unexpected error; the log has the details under this trace id.",
            )


def problem_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The app's exception handler."""
    if isinstance(error, ClientGone) or (isinstance(error, InternalServerException) and error.detail == _LEFT):
        # The client cannot read an answer; the status is for metrics.
        return Response(b"", status_code=CLIENT_GONE, media_type=MEDIA_TYPE)
    if isinstance(error, Unauthenticated) and PAGE in request.scope["route_handler"].opt:
        # Relative, because a proxy may serve it under another path.
        return Response(b"", status_code=303, headers={"Location": "sign-in", "Cache-Control": "no-store"})
    path = request.scope["raw_path"].decode("latin-1")
    if isinstance(error, MethodNotAllowedException):
        methods = request.app.state[METHODS].of(request.scope["raw_path"])
        error = MethodNotAllowed(request.method, methods)
    problem = problem_of(error, path)
    return Response(
        problem_body(problem, path),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem_headers(error),
    )


def problem_headers(error: Exception) -> dict[str, str]:
    """The headers of a problem answer."""
    if isinstance(error, Unavailable):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if isinstance(error, (RateLimited, TooManyAttempts)):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, (Unauthenticated, WrongPassword)):
        return {"WWW-Authenticate": 'Bearer realm="marketdata"'}
    if isinstance(error, UpgradeRequired):
        return {"Upgrade": "websocket"}
    if isinstance(error, UnsupportedCoding):
        return {"Accept-Encoding": ", ".join(CODINGS)}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": error.methods}
    return dict(error.headers or {}) if isinstance(error, HTTPException) else {}


def problem_body(problem: Problem, instance: str) -> bytes:
    trace = current_trace.get() or TraceContext()
    trace.problem = problem.logged or problem.detail
    return encode(problem_view(problem, instance, trace.trace_id))


def problem_view(problem: Problem, instance: str, trace_id: str) -> ProblemView:
    return ProblemView(
        type=f"urn:marketdata:problem:{problem.kind}",
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=instance,
        trace_id=trace_id,
        errors=list(problem.errors) if problem.errors else msgspec.UNSET,
    )


def _summary(failure: ValidationFailed, quoting: bool = True) -> str:
    first = failure.errors[0]
    where = f"Tick {first.index}: " if first.index is not None else ""
    more = f" (and {len(failure.errors) - 1} more)" if len(failure.errors) > 1 else ""
    # The name of an unknown field is the sender's.
    field = first.field if quoting or first.code != "unknown_field" else "A name"
    name = f"{field} " if field else ""
    return f"{where}{name}{first.message}{more}."
