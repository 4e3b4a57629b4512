"""The API reference, for programs and as a page."""

from dataclasses import dataclass

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from api.http.responses import JSON
from api.reference.documented import documented, text


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents as served."""

    openapi: bytes
    asyncapi: bytes
    page: str


class DocumentationController(Controller):
    path = "/schema"
    tags = ("reference",)

    @get(
        "/openapi.json",
        operation_id="getOpenApi",
        summary="This document",
        opt=documented("OpenAPI 3.1.", content={JSON: {}}),
    )
    async def get_openapi(self, documents: NamedDependency[Documents]) -> Response[bytes]:
        return Response(documents.openapi, media_type=JSON)

    @get(
        "/asyncapi.json",
        operation_id="getAsyncApi",
        summary="The messages of the WebSocket",
        opt=documented("AsyncAPI 3.0.", content={JSON: {}}),
    )
    async def get_asyncapi(self, documents: NamedDependency[Documents]) -> Response[bytes]:
        return Response(documents.asyncapi, media_type=JSON)

    @get(
        "/",
        operation_id="getReference",
        summary="This document as a page",
        opt=documented("A page.", content=text("text/html", "<!doctype html>")),
    )
    async def get_page(self, documents: NamedDependency[Documents]) -> Response[str]:
        return Response(documents.page, media_type="text/html")
