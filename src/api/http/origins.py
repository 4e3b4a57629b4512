"""Cross-origin requests: which origins' pages may use the service, and the headers that tell browsers (CORS)."""

from collections.abc import Collection, Iterable

from api.http.errors import ForeignOrigin

Headers = list[tuple[bytes, bytes]]

_ALLOWED_HEADERS = (
    b"accept, authorization, content-encoding, content-type, idempotency-key, if-none-match, prefer, traceparent"
)
_EXPOSED_HEADERS = (
    b"etag, idempotency-replayed, next-cursor, preference-applied, ratelimit, ratelimit-policy, retry-after, "
    b"x-request-id"
)
_PREFLIGHT_SECONDS = b"600"


class Origins:
    """allowed: origins besides the service's own, such as `https://desk.example.org`."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)

    def check(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """Check the headers of a request. Browsers name the page's origin there; other clients name none.

        Raises:
            ForeignOrigin: the page may not use the service.
        """
        hosts, origins = set(), []
        for name, value in fields:
            if name == b"host":
                hosts.add(value.lower())
            elif name == b"origin":
                origins.append(value)
        for origin in origins:
            if origin.partition(b"://")[2].lower() not in hosts and origin.decode("latin-1") not in self._allowed:
                raise ForeignOrigin

    def answer_headers(self, origin: bytes | None) -> Headers:
        """The CORS headers of any answer."""
        if not self._allowed:
            return []
        # Caches must keep answers to different origins apart.
        vary = [(b"vary", b"Origin")]
        if origin is None or origin.decode("latin-1") not in self._allowed:
            return vary
        return [*vary, (b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED_HEADERS)]

    def preflight_headers(self, methods: str) -> Headers:
        """The further headers of the answer to a preflight request for a resource with these methods."""
        return [
            (b"access-control-allow-methods", methods.encode()),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
