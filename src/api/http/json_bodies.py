"""Bodies of a few fields, as JSON."""

from typing import Any, cast

from litestar import Request

from api.http.asgi import Scope
from api.http.bodies import whole_body
from api.http.content_coding import coding_of, decoded
from api.http.errors import UnsupportedMediaType
from api.http.responses import JSON
from api.ingest.strict_json import JsonObject, read_json
from application.errors import FieldError, ValidationFailed

_BYTES_MAX = 65_536
_RATIO_MAX = 100


async def read_body(request: Request[Any, Any, Any]) -> Any:
    """Return a body as plain values, with numbers as they are written.

    Raises:
        ClientGone, BodyTooLarge, MalformedBody, UnsupportedCoding
        UnsupportedMediaType: it does not say that it is JSON.
        ValidationFailed: a key is there twice, with different values.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType(f"Send Content-Type: {JSON}.")
    scope = cast("Scope", request.scope)
    coding = coding_of(scope)
    body = await whole_body(scope, cast("Any", request.receive), _BYTES_MAX)
    values = read_json(decoded(body, coding, _BYTES_MAX, _RATIO_MAX))
    _refuse_contradictions(values)
    return values


def _refuse_contradictions(value: Any) -> None:
    if isinstance(value, JsonObject):
        for name in value.contradictions:
            field = ascii(name[:64])[1:-1]
            raise ValidationFailed([FieldError(field, "contradiction", "is given twice, with different values")])
        for each in value.values():
            _refuse_contradictions(each)
    elif isinstance(value, list):
        for each in value:
            _refuse_contradictions(each)
