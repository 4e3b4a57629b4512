"""What the service can be asked, for programs and for people."""

from importlib.resources import files

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.live.asyncapi import asyncapi_document
from api.openapi import openapi_document
from api.routes.answers import answer


def documentation_routes() -> list[HTTPRouteHandler]:
    document = answer(openapi_document())
    messages = answer(asyncapi_document())
    page = files("api").joinpath("schema_page.html").read_text()

    @get("/schema/openapi.json")
    async def get_openapi() -> Response[bytes]:
        return document

    @get("/schema/asyncapi.json")
    async def get_asyncapi() -> Response[bytes]:
        return messages

    @get("/schema")
    async def get_page() -> Response[str]:
        return Response(page, media_type="text/html")

    return [get_openapi, get_asyncapi, get_page]
