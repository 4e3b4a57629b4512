"""The page for people, and what belongs to it."""

from hashlib import sha256
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_CHARTS = "lightweight-charts.js"
# Nothing from elsewhere, and nobody's frame. The charts bring a style of their own.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class _File:
    """A file in memory, with its headers."""

    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.media_type = _MEDIA_TYPES[Path(name).suffix]
        self.tag = f'"{sha256(content).hexdigest()[:32]}"'
        self.headers = {
            "ETag": self.tag,
            # Kept, but asked about: a new version of the service is seen at once.
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
        }

    def answer(self, request: Request[Any, Any, Any]) -> Response[bytes | None]:
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if self.tag in known:
            return Response(None, status_code=304, headers=self.headers)
        return Response(self.content, media_type=self.media_type, headers=self.headers)


def dashboard_routes() -> list[HTTPRouteHandler]:
    found = {each.name: _File(each.name, each.read_bytes()) for each in files("api").joinpath("dashboard").iterdir()}
    # Shipped by a package, byte for byte as its makers do; see docs/decisions/0018-charts.md.
    charts = Path(str(distribution("litecharts").locate_file(f"litecharts/js/{_CHARTS}")))
    found[_CHARTS] = _File(_CHARTS, charts.read_bytes())

    @get("/")
    async def get_dashboard(request: Request[Any, Any, Any]) -> Response[bytes | None]:
        return found["index.html"].answer(request)

    @get("/dashboard/{name:str}")
    async def get_part(request: Request[Any, Any, Any]) -> Response[bytes | None]:
        part = found.get(request.path_params["name"])
        if part is None:
            raise NotFoundException
        return part.answer(request)

    return [get_dashboard, get_part]
