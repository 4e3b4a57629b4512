"""The API reference, for programs and as a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect

from api.http.access import Rule, rule
from api.http.responses import JSON, ValidatedResponse
from api.http.static_file import StaticFile
from api.reference.documented import documented, text

_PAGE, _STYLE, _SCRIPT = "page.html", "page.css", "page.js"
# The files of the page, in `api/reference`.
PAGE_FILES = (_PAGE, _STYLE, _SCRIPT)


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents as served. page: its files by name."""

    openapi: bytes
    asyncapi: bytes
    page: Mapping[str, StaticFile]


class DocumentationController(Controller):
    path = "/schema"
    tags = ("reference",)
    opt = rule(Rule.SIGNED_IN)

    @get(
        "/openapi.json",
        operation_id="getOpenApi",
        summary="This document",
        opt=documented("OpenAPI 3.1.", content={JSON: {}}),
    )
    async def get_openapi(self, documents: NamedDependency[Documents]) -> Response[bytes]:
        return ValidatedResponse(documents.openapi, media_type=JSON)

    @get(
        "/asyncapi.json",
        operation_id="getAsyncApi",
        summary="The messages of the WebSocket",
        opt=documented("AsyncAPI 3.0.", content={JSON: {}}),
    )
    async def get_asyncapi(self, documents: NamedDependency[Documents]) -> Response[bytes]:
        return ValidatedResponse(documents.asyncapi, media_type=JSON)

    @get(
        "/",
        operation_id="getReference",
        summary="This document as a page",
        opt=documented("A page.", content=text("text/html", "<!doctype html>")),
    )
    async def get_page(
        self, request: Request[Any, Any, Any], documents: NamedDependency[Documents]
    ) -> Response[bytes | None]:
        return documents.page[_PAGE].answer(request)

    @get([f"/{_STYLE}", f"/{_SCRIPT}"], include_in_schema=False)
    async def get_part(
        self, request: Request[Any, Any, Any], documents: NamedDependency[Documents]
    ) -> Response[bytes | None]:
        return documents.page[request.url.path.rstrip("/").rpartition("/")[2]].answer(request)


class WellKnownController(Controller):
    """Where other services have their documents and icons."""

    @get(["/docs", "/openapi.json", "/favicon.ico"], include_in_schema=False, opt=rule(Rule.OPEN))
    async def get_moved(self, request: Request[Any, Any, Any]) -> Redirect:
        return Redirect(_MOVED[request.url.path.rstrip("/")], status_code=301)


_MOVED = {"/docs": "/schema", "/openapi.json": "/schema/openapi.json", "/favicon.ico": "/dashboard/icon.svg"}
