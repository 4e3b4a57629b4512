"""Files of pages, with the headers that keep a page from doing what it should not."""

from gzip import compress
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response

from api.http.request_options import tags_in

_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# Everything comes from here, and nothing is in line. Strings never become markup (trusted types).
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
}


class StaticFile:
    """A file in memory, plain and compressed, with its headers."""

    def __init__(self, name: str, content: bytes) -> None:
        self._content = content
        self._compressed = compress(content, mtime=0)
        self._media_type = _MEDIA_TYPES[Path(name).suffix]
        self._digest = sha256(content).hexdigest()[:32]

    def answer(self, request: Request[Any, Any, Any]) -> Response[bytes | None]:
        packed = "gzip" in request.headers.get("accept-encoding", "")
        tag = f'"{self._digest}{"-gzip" if packed else ""}"'
        headers = {
            "ETag": tag,
            # Cached but revalidated, so a new version of the service shows at once.
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            **_PAGE_HEADERS,
        }
        known = {each.removeprefix("W/") for each in tags_in(request.headers.get("if-none-match", ""))}
        if known & {tag, "*"}:
            return Response(None, status_code=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(self._compressed if packed else self._content, media_type=self._media_type, headers=headers)
