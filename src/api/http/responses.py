"""Turns the return values of handlers into responses."""

from collections.abc import Callable
from hashlib import blake2b
from io import StringIO
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

from litestar import Request, Response
from litestar.response.base import ASGIResponse

from api.http.answer import Answer
from api.http.query import Numbers
from api.http.request_options import tags_in
from api.views.csv_text import CsvWriter
from api.views.view import View, encode, encode_with_strings

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"

T = TypeVar("T")


class PageView(Protocol):
    @property
    def items(self) -> Any: ...

    @property
    def next_cursor(self) -> str | None: ...


class ViewResponse(Response[T]):
    """Structs as JSON, with an encoder that keeps every digit."""

    def to_asgi_response(self, app: Any, request: "Request[Any, Any, Any]", **more: Any) -> ASGIResponse:
        self.content = self.encoded(request)  # type: ignore[assignment]  # rendered
        return super().to_asgi_response(app, request, **more)

    def encoded(self, request: "Request[Any, Any, Any]") -> bytes:
        """The body, with numbers as the request wants them."""
        return self.content if isinstance(self.content, bytes) else _encoder(request)(self.content)

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:
        return content if isinstance(content, bytes) else encode(content)


class ValidatedResponse(ViewResponse[T]):
    """A view that clients may keep, and revalidate by its `ETag`."""

    def to_asgi_response(self, app: Any, request: "Request[Any, Any, Any]", **more: Any) -> ASGIResponse:
        body = self.encoded(request)
        self.content = body  # type: ignore[assignment]  # rendered
        tag = self.headers.get("ETag") or etag(body)
        self.headers |= {"ETag": tag, "Cache-Control": "no-cache"}
        if tags_in(request.headers.get("if-none-match", "")) & {tag, "*"}:
            self.status_code = 304
            self.content = b""  # type: ignore[assignment]  # none
        return super().to_asgi_response(app, request, **more)


class PageResponse(ValidatedResponse[T]):
    """A page in the media type that the request prefers: JSON, or only its items as NDJSON or CSV.

    With NDJSON and CSV, the cursor of the next page is in the `Next-Cursor` header.
    """

    def to_asgi_response(self, app: Any, request: "Request[Any, Any, Any]", **more: Any) -> ASGIResponse:
        page: Any = self.content
        wanted = request.accept.best_match([JSON, NDJSON, CSV])
        self.headers["Vary"] = "Accept"
        if wanted in (NDJSON, CSV):
            if page.next_cursor is not None:
                self.headers["Next-Cursor"] = page.next_cursor
            self.media_type = wanted
            self.content = _lines(page, _encoder(request)) if wanted == NDJSON else _csv(page)  # type: ignore[assignment]  # rendered
        return super().to_asgi_response(app, request, **more)


def etag(body: bytes) -> str:
    """A weak tag: the answer is the same however it is encoded."""
    return f'W/"{blake2b(body, digest_size=8).hexdigest()}"'


def response_of(given: Answer) -> Response[Any]:
    """A response from an encoded answer."""
    return ViewResponse(given.body, status_code=given.status, media_type=given.media_type, headers=dict(given.headers))


def validated_response_of(given: Answer) -> Response[Any]:
    """Like `response_of`, for an answer with an `ETag`."""
    headers = dict(given.headers)
    return ValidatedResponse(given.body, status_code=given.status, media_type=given.media_type, headers=headers)


def _encoder(request: "Request[Any, Any, Any]") -> Callable[[object], bytes]:
    """The encoder for the `numbers` of the query, which the handler's query struct has validated."""
    return encode_with_strings if request.query_params.get("numbers") == Numbers.STRING.value else encode


def _lines(page: PageView, encoder: Callable[[object], bytes]) -> bytes:
    return b"".join(encoder(each) + b"\n" for each in page.items)


def _csv(page: PageView) -> bytes:
    item: type[View] = get_args(get_type_hints(type(page))["items"])[0]
    text = StringIO(newline="")
    writer = CsvWriter(text, item)
    for each in page.items:
        writer.write(each)
    return text.getvalue().encode()
