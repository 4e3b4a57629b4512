"""Caches parsed request heads.

A feeder sends the same head again and again, byte for byte, so parsing it again is one dictionary look-up. Nothing is
guessed: the same bytes mean the same request.
"""

from dataclasses import dataclass
from typing import Any

import httptools

from api.http.access import Access
from api.http.client_addresses import forwarded_in
from api.http.errors import ForbiddenHost, MalformedRequest
from api.http.fast_path import FastPath, FastRoute
from api.http.gathering import Gathering
from api.http.hosts import Hosts
from api.http.request_options import RequestOptions, read_options
from application.access.errors import Forbidden, Unauthenticated

_HEAD_BYTES_MAX = 1024
# Of the requests that there are on the fast path.
_STARTS = (b"POST /", b"GET /")
_HEADS_MAX = 4096
_END = b"\r\n\r\n"
# Requests with these headers take the ordinary path.
_UNUSUAL = frozenset(
    (
        b"content-encoding",
        b"expect",
        b"idempotency-key",
        b"origin",
        b"te",
        b"trailer",
        b"traceparent",
        b"transfer-encoding",
        b"upgrade",
    )
)


@dataclass(frozen=True, slots=True)
class CachedHead:
    """The head of a fast-path request on a keep-alive connection. body_bytes: length of its body.

    gathering: where the request is gathered with others, if it can be. forwarded: what proxies say of its client.
    """

    method: str
    route: FastRoute
    options: RequestOptions
    body_bytes: int
    gathering: Gathering[Any] | None
    forwarded: tuple[tuple[bytes, bytes], ...] = ()


class HeadCache:
    """Finds request heads that qualify for the fast path.

    hosts: those that a request may name. body_bytes_max: a request with a longer body does not qualify. access: None
    while sign-in is off. Otherwise a head is cached only if its key admits it, until a key may have become invalid.
    """

    def __init__(self, fast_path: FastPath, hosts: Hosts, body_bytes_max: int, access: Access | None = None) -> None:
        self._fast_path = fast_path
        self._hosts = hosts
        self._body_bytes_max = body_bytes_max
        self._access = access
        self._heads: dict[bytes, CachedHead | None] = {}
        if access is not None:
            access.on_change(self._heads.clear)

    def find(self, data: bytes, at: int = 0) -> tuple[CachedHead, int] | None:
        """The head at a position of `data`, and its length; None if it is incomplete or does not qualify."""
        end = data.find(_END, at, at + _HEAD_BYTES_MAX) + len(_END)
        if end < len(_END):
            return None
        text = data[at:end]
        try:
            head = self._heads[text]
        except KeyError:
            head = self._learn(text)
        return None if head is None else (head, end - at)

    def is_cut(self, data: bytes, at: int) -> bool:
        """Whether what begins at a position of `data` may be a head whose rest has not come."""
        return (
            len(data) - at < _HEAD_BYTES_MAX
            and data.find(_END, at) < 0
            and any(start.startswith(data[at : at + len(start)]) for start in _STARTS)
        )

    def _learn(self, text: bytes) -> CachedHead | None:
        if len(self._heads) >= _HEADS_MAX:
            self._heads.clear()
        head = self._read(text)
        if head is None or not head.options.known_tags:
            # With a tag, it is a new one after each change.
            self._heads[text] = head
        return head

    def _read(self, text: bytes) -> CachedHead | None:
        reader = _Reader()
        parser: Any = httptools.HttpRequestParser(reader)
        try:
            parser.feed_data(text)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        fields = reader.fields
        if (
            reader.heads != 1
            or reader.begun != 1
            or reader.body
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or any(
                name in _UNUSUAL or (name == b"connection" and value.lower() != b"keep-alive") for name, value in fields
            )
        ):
            return None
        try:
            self._hosts.check(fields, "1.1")
        except (MalformedRequest, ForbiddenHost):
            return None
        lengths = [value for name, value in fields if name == b"content-length"]
        method = parser.get_method().decode("ascii")
        # Fast-path routes match only URLs without a query or escapes.
        route = self._fast_path.route(method, reader.url.decode("latin-1"))
        body_bytes = int(lengths[0]) if lengths else 0
        if route is None or body_bytes > self._body_bytes_max or (method == "GET") != (not lengths):
            return None
        options = read_options(fields)
        gathering = route.gathering
        if gathering is not None and not gathering.takes(options):
            gathering = None
        if self._access is not None:
            try:
                principal = self._access.admit_key(route.rule, fields)
            except (Unauthenticated, Forbidden):
                # The router says why.
                return None
            if principal.prefixes:
                if method == "GET":
                    return None
                gathering = None
            options = options.sent_by(principal)
        return CachedHead(method, route, options, body_bytes, gathering, forwarded_in(fields))


class _Reader:
    """Collects the parser's callbacks."""

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.begun = 0
        self.heads = 0
        self.body = False

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.heads += 1

    def on_body(self, body: bytes) -> None:
        self.body = True
