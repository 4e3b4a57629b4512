"""The dashboard page and its files."""

from gzip import compress
from hashlib import sha256
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from api.reference.documented import documented, text

_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_CHARTS = "lightweight-charts.js"
# Same origin only, and no framing. The charts bring inline styles.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class _File:
    """A file in memory, plain and compressed, with its headers."""

    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.compressed = compress(content, mtime=0)
        self.media_type = _MEDIA_TYPES[Path(name).suffix]
        self.digest = sha256(content).hexdigest()[:32]

    def answer(self, request: Request[Any, Any, Any]) -> Response[bytes | None]:
        packed = "gzip" in request.headers.get("accept-encoding", "")
        tag = f'"{self.digest}{"-gzip" if packed else ""}"'
        headers = {
            "ETag": tag,
            # Cached but revalidated, so a new version of the service shows at once.
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": _POLICY,
        }
        known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
        if tag in known or "*" in known:
            return Response(None, status_code=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(self.compressed if packed else self.content, media_type=self.media_type, headers=headers)


class DashboardFiles:
    """All files of the dashboard, in memory."""

    def __init__(self) -> None:
        self._found = {
            each.name: _File(each.name, each.read_bytes()) for each in files("api").joinpath("dashboard").iterdir()
        }
        # The unmodified upstream file, shipped by a package; see docs/decisions/0018-charts.md.
        charts = Path(str(distribution("litecharts").locate_file(f"litecharts/js/{_CHARTS}")))
        self._found[_CHARTS] = _File(_CHARTS, charts.read_bytes())

    def answer(self, name: str, request: Request[Any, Any, Any]) -> Response[bytes | None]:
        file = self._found.get(name)
        if file is None:
            raise NotFoundException
        return file.answer(request)


class DashboardController(Controller):
    tags = ("dashboard",)

    @get(
        "/",
        operation_id="getDashboard",
        summary="The dashboard",
        opt=documented("A page.", content=text("text/html; charset=utf-8", "<!doctype html>")),
    )
    async def get_dashboard(
        self, request: Request[Any, Any, Any], dashboard_files: NamedDependency[DashboardFiles]
    ) -> Response[bytes | None]:
        return dashboard_files.answer("index.html", request)

    @get("/dashboard/{name:str}", include_in_schema=False)
    async def get_part(
        self, name: FromPath[str], request: Request[Any, Any, Any], dashboard_files: NamedDependency[DashboardFiles]
    ) -> Response[bytes | None]:
        return dashboard_files.answer(name, request)
