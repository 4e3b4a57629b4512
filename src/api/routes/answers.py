"""Answers as responses of the framework."""

import csv
from io import StringIO
from typing import Any, Protocol

import msgspec
from litestar import Request, Response

from api.answer import Answer
from api.schemas import View, encode
from domain.price import written

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"


class PageView(Protocol):
    @property
    def items(self) -> Any: ...

    @property
    def next_cursor(self) -> str | None: ...


def answer(view: object, status: int = 200) -> Response[Any]:
    return Response(encode(view), status_code=status, media_type=JSON)


def response_of(given: Answer) -> Response[Any]:
    return Response(given.body, status_code=given.status, media_type=given.media_type, headers=dict(given.headers))


def page_answer(request: Request[Any, Any, Any], page: PageView, item: type[View]) -> Response[Any]:
    """A page in the form that the request prefers: JSON, or its items alone as NDJSON or CSV.

    Without a place for it in the body, the cursor of the next page is in the header `Next-Cursor`.
    """
    wanted = request.accept.best_match([JSON, NDJSON, CSV])
    headers = {"Vary": "Accept"}
    if wanted not in (NDJSON, CSV):
        return Response(encode(page), media_type=JSON, headers=headers)
    if page.next_cursor is not None:
        headers["Next-Cursor"] = page.next_cursor
    if wanted == NDJSON:
        lines = b"".join(encode(each) + b"\n" for each in page.items)
        return Response(lines, media_type=NDJSON, headers=headers)
    return Response(_csv(page.items, item), media_type=CSV, headers=headers)


def _csv(items: Any, item: type[View]) -> bytes:
    """RFC 4180, with the names of the fields in the first line; what is null is empty."""
    fields = msgspec.structs.fields(item)
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(field.encode_name for field in fields)
    for each in items:
        writer.writerow(_cell(getattr(each, field.name)) for field in fields)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(written(value), "f")
    return value
