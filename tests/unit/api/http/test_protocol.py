import asyncio
import re
from collections.abc import AsyncIterator
from gzip import compress

import pytest
import pytest_asyncio

from api.http.protocol import HttpProtocol
from support.arrow import ARROW, body_of
from support.bodies import BATCHES, GOOD, JSON, NDJSON, TICKS
from support.wire import Way, both_ways

GOOD_BATCH = (
    b'[{"symbol":"A","price":100,"timestamp":100000000001},{"symbol":"A","price":"103.5","timestamp":100000000002},'
    b'{"symbol":"b","price":-1}]'
)
BAD_BATCH = b"[%b,%b]" % (GOOD, b",".join([b'{"symbol":"y","price":0}'] * 30))
GOOD_LINES = GOOD_BATCH[1:-1].replace(b"},{", b"}\n{")
GOOD_COLUMNS = body_of(symbol=["A", "b", "A"], price=[100.0, -1.0, 103.5], timestamp=[10**11 + 1] * 3)
# Longer ones are cut at some places only.
_EVERYWHERE_BYTES = 700


def post(path: str, body: bytes, *fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_post(body: bytes = GOOD, path: str = "/api/prices", *fields: str) -> bytes:
    return post(path, body, f"Content-Type: {JSON}", *fields)


def json_post_with(*fields: str) -> bytes:
    return json_post(GOOD, "/api/prices", *fields)


CHUNKED = json_post(b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)).replace(
    b"Content-Length: 35", b"Transfer-Encoding: chunked"
)
TRACED = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
GET = b"GET /api/prices/%b HTTP/1.1\r\nHost: x\r\n\r\n"
GET_KNOWN = b"GET /api/prices/X HTTP/1.1\r\nHost: x\r\nIf-None-Match: %b\r\n\r\n"

# Heads that are plain, unusual, wrong and hostile; bodies that follow one another.
EXCHANGES: dict[str, bytes] = {
    "single": json_post(),
    "single without a media type": post("/api/prices", GOOD),
    "single with a charset": post("/api/prices", GOOD, "Content-Type: application/json; charset=utf-8"),
    "single in capitals": post("/api/prices", GOOD, "CONTENT-TYPE: Application/JSON", "ACCEPT: */*"),
    "two media types": json_post_with("Content-Type: text/plain"),
    "wrong media type": post("/api/prices", GOOD, "Content-Type: text/plain"),
    "batch": json_post(GOOD_BATCH, "/api/prices/batch"),
    "lines": post("/api/prices/batch", GOOD_LINES, f"Content-Type: {NDJSON}"),
    "columns": post("/api/prices/batch", GOOD_COLUMNS, f"Content-Type: {ARROW}"),
    "three in a row": json_post() + json_post(b'{"symbol":"y","price":0}') + json_post(),
    "post, get, post": json_post() + GET % b"a" + json_post() + GET % b"A",
    "short, ordinary, short": json_post() + CHUNKED + json_post() + GET % b"a%2Fb" + json_post(),
    "get of what is known": GET_KNOWN % b'"other", *' + GET_KNOWN % b'W/"other"' + GET % b"X",
    "get of nothing": GET % b"NOSUCH",
    "get of what is a route": GET % b"batch",
    "get with a query": b"GET /api/prices/X?x=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "get with a body": b"GET /api/prices/A HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + GET % b"X",
    "get of a symbol too long": GET % (b"X" * 65),
    "head": b"HEAD /api/prices/X HTTP/1.1\r\nHost: x\r\n\r\n" + GET % b"X",
    "post to a symbol": json_post(path="/api/prices/X"),
    "post with a slash": json_post(path="/api/prices/"),
    "post with a query": json_post(path="/api/prices?x=1"),
    "post with an escape": json_post(path="/api/%70rices"),
    "post to a whole address": json_post(path="http://x/api/prices"),
    "put": json_post().replace(b"POST", b"PUT"),
    "lower case method": json_post().replace(b"POST", b"post"),
    "chunked": CHUNKED,
    "chunked and announced": CHUNKED.replace(b"Host: x", b"Host: x\r\nContent-Length: 5"),
    "chunked with an extension and a trailer": CHUNKED.replace(b"\r\n0\r\n\r\n", b"\r\n0;x=y\r\nX: y\r\n\r\n"),
    "expects to be asked": json_post_with("Expect: 100-continue"),
    "HTTP/1.0": json_post().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "HTTP/1.0 kept open": json_post_with("Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "closes": json_post_with("Connection: close") + json_post(),
    "keeps open": json_post_with("Connection: keep-alive") + json_post(),
    "upgrades": json_post_with("Connection: Upgrade", "Upgrade: websocket") + json_post(),
    "in a trace": post("/api/prices", b"{}", TRACED, f"Content-Type: {JSON}"),
    "no body": json_post(b""),
    "no length": b"POST /api/prices HTTP/1.1\r\nHost: x\r\n\r\n" + json_post(),
    "body shorter than announced": json_post()[:-3],
    "line ends between requests": b"\r\n\r\n" + json_post() + b"\r\n" + json_post(),
    "two lengths": json_post_with(f"Content-Length: {len(GOOD)}"),
    "two lengths that differ": post("/api/prices", GOOD, "Content-Length: 3"),
    "length in words": json_post().replace(b"Content-Length: 24", b"Content-Length: x"),
    "negative length": json_post().replace(b"Content-Length: ", b"Content-Length: -"),
    "signed length": json_post().replace(b"Content-Length: ", b"Content-Length: +"),
    "length beyond the limit": json_post().replace(b"Content-Length: ", b"Content-Length: 999999999"),
    "length beyond any number": json_post().replace(b"Content-Length: ", b"Content-Length: 9" + b"9" * 40),
    "folded header": json_post().replace(b"Host: x", b"Host: x\r\n y"),
    "space before the colon": json_post().replace(b"Host:", b"Host :"),
    "bare line feeds": json_post().replace(b"\r\n", b"\n"),
    "bare line feed after the head": json_post().replace(b"\r\n\r\n", b"\n\n") + b"\r\n\r\n",
    "null in a header": json_post().replace(b"Host: x", b"Host: \0"),
    "another request in the body": json_post(b"POST /api/prices HTTP/1.1\r\n\r\n") + json_post(),
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "many errors": post("/api/prices/batch", BAD_BATCH, f"Content-Type: {JSON}"),
    "many errors, compressed": post("/api/prices/batch", BAD_BATCH, f"Content-Type: {JSON}", "Accept-Encoding: gzip"),
    "compressed body": post("/api/prices", compress(GOOD, mtime=0), f"Content-Type: {JSON}", "Content-Encoding: gzip"),
    "from another origin": json_post_with("Origin: https://desk.example.org"),
    "from its own origin": json_post_with("Origin: http://x"),
    "from no origin": json_post_with("Origin: null"),
    "read from another origin": b"GET /api/prices/X HTTP/1.1\r\nHost: x\r\nOrigin: https://desk.example.org\r\n\r\n",
    "another host": json_post().replace(b"Host: x", b"Host: evil.example.org"),
    "read of another host": (GET % b"X").replace(b"Host: x", b"Host: evil.example.org:8000"),
    "own host, with a port": json_post().replace(b"Host: x", b"Host: X:8000"),
    "loopback address": json_post().replace(b"Host: x", b"Host: 127.1.2.3:8000"),
    "loopback address of IPv6": json_post().replace(b"Host: x", b"Host: [::1]:8000"),
    "another address": json_post().replace(b"Host: x", b"Host: 10.0.0.1"),
    "user in front of the host": json_post().replace(b"Host: x", b"Host: x@evil.example.org"),
    "host without a name": json_post().replace(b"Host: x", b"Host: :80"),
    "two hosts": json_post().replace(b"Host: x", b"Host: x\r\nHost: x"),
    "no host": json_post().replace(b"Host: x\r\n", b""),
    "no host, of HTTP/1.0": json_post().replace(b"Host: x\r\n", b"").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "methods for another host": b"OPTIONS /api/prices HTTP/1.1\r\nHost: evil.example.org\r\n\r\n",
    "methods of everything": b"OPTIONS * HTTP/1.1\r\nHost: evil.example.org\r\n\r\n",
    "long head": json_post_with("X: " + "y" * 2000),
}  # fmt: skip
EXCHANGES |= {f"tick: {name}": json_post(body) for name, (body, _, _) in TICKS.items()}
EXCHANGES |= {
    f"batch: {name}": post("/api/prices/batch", body, f"Content-Type: {kind}")
    for name, (kind, body, _, _) in BATCHES.items()
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ways() -> AsyncIterator[tuple[Way, Way]]:
    async with both_ways() as pair:
        for way in pair:
            await way.exchange(json_post())
        yield pair


def comparable(answers: bytes) -> list[tuple[bytes, object]]:
    """Each answer without what differs: the request id, and a part of the entity tag; headers in any order."""
    found: list[tuple[bytes, object]] = []
    while answers:
        head, _, rest = answers.partition(b"\r\n\r\n")
        first, *fields = head.split(b"\r\n")
        headers = dict(field.split(b": ", 1) for field in fields)
        if first.startswith(b"HTTP/1.1 100"):
            answers = rest
            continue
        headers.pop(b"x-request-id", None)
        if b"etag" in headers:
            # Differs from process to process.
            headers[b"etag"] = headers[b"etag"].partition(b"-")[2]
        length = int(headers.get(b"content-length", b"0"))
        body, answers = (rest[:length], rest[length:]) if not rest.startswith(b"HTTP/1.1 ") else (b"", rest)
        plain = re.sub(rb'"traceId":"[0-9a-f]{32}"', b"", body)
        if b"malformed-request" in plain or plain == b"Invalid HTTP request received.":
            # uvicorn says it in plain text, without the short way.
            found.append((first, b"connection: close"))
        else:
            found.append((first, (sorted(headers.items()), plain)))
    return found


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", EXCHANGES)
async def test_short_way_and_ordinary_way_are_one(ways: tuple[Way, Way], name: str) -> None:
    data = EXCHANGES[name]
    short, ordinary = ways
    cuts = range(len(data)) if len(data) <= _EVERYWHERE_BYTES else (0, 1, 60, 100, len(data) // 2, len(data) - 1)
    for cut in cuts:
        pieces = [piece for piece in (data[:cut], data[cut:]) if piece]
        assert comparable(await short.exchange(*pieces)) == comparable(await ordinary.exchange(*pieces)), cut
        assert short.effects() == ordinary.effects(), cut


@pytest.mark.asyncio(loop_scope="module")
async def test_nonsense_behind_a_good_request_does_not_take_its_answer_away(ways: tuple[Way, Way]) -> None:
    answers = comparable(await ways[0].exchange(json_post() + b"}}}"))
    assert [first for first, _ in answers] == [b"HTTP/1.1 202 Accepted", b"HTTP/1.1 400 Bad Request"]
    await ways[1].exchange(json_post(), b"}}}")
    assert ways[0].effects() == ways[1].effects()


@pytest.mark.asyncio(loop_scope="module")
async def test_requests_behind_a_head_that_was_cut_off_between_two_reads_take_the_short_way_too(
    ways: tuple[Way, Way],
) -> None:
    short = ways[0]
    request = json_post()
    for cut in range(1, len(request)):
        protocol, transport = short.connect()
        protocol.data_received(request + request[:cut])
        await short.rest()
        protocol.data_received(request[cut:] + request + (GET % b"X")[: cut % 20])
        await short.rest()
        assert transport.written.count(b"HTTP/1.1 202") == 3, cut
        # What uvicorn's parser reads has a cycle.
        assert protocol.cycle is None, cut
        protocol.connection_lost(None)


@pytest.mark.asyncio(loop_scope="module")
async def test_head_that_was_cut_off_is_finished_the_ordinary_way_if_its_rest_comes_late(
    ways: tuple[Way, Way],
) -> None:
    short = ways[0]
    protocol, transport = short.connect()
    assert isinstance(protocol, HttpProtocol)
    request = json_post()
    protocol.data_received(request + request[:30])
    await short.rest()
    now = asyncio.get_running_loop().time()
    protocol.check_deadline(now + 2)
    protocol.data_received(request[30:])
    await short.rest()
    assert transport.written.count(b"HTTP/1.1 202") == 2
    protocol.data_received(request + request[:30])
    await short.rest()
    protocol.check_deadline(now + 10)
    assert not transport.closing
    # The deadline for heads.
    protocol.check_deadline(now + 100)
    assert transport.written.count(b"HTTP/1.1 202") == 3
    assert b"HTTP/1.1 408" in transport.written
    assert transport.closing
    protocol.connection_lost(None)
