"""What is asked of the service, without I/O: generators that yield requests, are sent responses, and return results.

Both clients run them, so that requests, pages and errors are the same.
"""

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from marketdata_client.messages import Accepted, BatchResult, Statistics, Tick
from marketdata_client.records import Anomaly, Candle, Direction, Interval, Severity, TickRecord, Wire
from marketdata_client.tables import ARROW_STREAM, Records, needed, stream_of

_BATCH = 1000
_ROWS = 10_000
_PAGE = 1000

T = TypeVar("T")
R = TypeVar("R", bound=Wire)


class Request(msgspec.Struct, frozen=True):
    """What `httpx.Client.request` is given. path: behind the address of the service."""

    method: str
    path: str
    params: dict[str, str | int] | None = None
    content: bytes | None = None
    headers: dict[str, str] | None = None

    def arguments(self, url: str, more_headers: dict[str, str]) -> dict[str, Any]:
        return {
            "method": self.method,
            "url": url + self.path,
            "params": self.params,
            "content": self.content,
            "headers": more_headers | (self.headers or {}),
        }


def signed_by(key: str | None) -> dict[str, str]:
    """The header that a key is sent in."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


Call: TypeAlias = Generator[Request, httpx.Response, T]


class RequestRefused(Exception):
    """The service returned a problem response.

    status: HTTP status. kind: last part of the problem's type, such as `validation-failed`. The message is its detail.
    """

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind


class _Problem(msgspec.Struct):
    type: str = ""
    detail: str = ""


class _Page(Wire, Generic[R], frozen=True):
    items: list[R]
    next_cursor: str | None


def post(tick: Tick, durable: bool) -> Call[Accepted]:
    return _read((yield _posted("/api/prices", tick, durable)), Accepted)


def post_many(ticks: Iterable[Tick], durable: bool) -> Call[BatchResult]:
    return _sent((len(chunk), _posted("/api/prices/batch", chunk, durable)) for chunk in _chunks(ticks))


def post_table(table: Any, durable: bool) -> Call[BatchResult]:
    rows = needed("pyarrow").table(table)
    pieces = (rows.slice(start, _ROWS) for start in range(0, rows.num_rows, _ROWS))
    return _sent((len(piece), _post("/api/prices/batch", stream_of(piece), ARROW_STREAM, durable)) for piece in pieces)


def statistics(symbol: str) -> Call[Statistics]:
    return _read((yield Request("GET", _path(symbol))), Statistics)


def ticks(symbol: str, start: datetime | None, end: datetime | None, limit: int | None) -> Call[Records[TickRecord]]:
    return _in_order(_path(symbol, "/ticks"), {}, start, end, limit, TickRecord)


def candles(
    symbol: str, interval: Interval, start: datetime | None, end: datetime | None, limit: int | None
) -> Call[Records[Candle]]:
    return _in_order(_path(symbol, "/candles"), {"interval": interval}, start, end, limit, Candle)


def anomalies_or_moves(
    kind: type[R],
    symbol: str | None,
    direction: Direction | None,
    severity: Severity | None,
    start: datetime | None,
    end: datetime | None,
    limit: int | None,
) -> Call[Records[R]]:
    path = "/api/anomalies" if kind is Anomaly else "/api/moves"
    matching = {"symbol": symbol, "direction": direction, "severity": severity}
    return _listed(path, matching | {"from": _time(start), "to": _time(end)}, limit, kind)


def _in_order(
    path: str,
    params: dict[str, str | None],
    start: datetime | None,
    end: datetime | None,
    limit: int | None,
    kind: type[R],
) -> Call[Records[R]]:
    """List old to new: from `start` on or, with a limit but no start, the newest."""
    params = params | {"from": _time(start), "to": _time(end)}
    if start is not None or limit is None:
        return (yield from _listed(path, params, limit, kind))
    newest = yield from _listed(path, params | {"order": "desc"}, limit, kind)
    newest.reverse()
    return newest


def _listed(path: str, params: dict[str, str | None], limit: int | None, kind: type[R]) -> Call[Records[R]]:
    """Follow the cursors until there are no more, or `limit` items."""
    asked: dict[str, str | int] = {name: value for name, value in params.items() if value is not None}
    found = Records(kind)
    while True:
        asked["limit"] = _PAGE if limit is None else min(_PAGE, limit - len(found))
        answer = _read((yield Request("GET", path, asked)), _Page[kind])  # type: ignore[valid-type]  # known when run
        found += answer.items
        if answer.next_cursor is None or len(found) == limit:
            return found
        asked["cursor"] = answer.next_cursor


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _path(symbol: str, rest: str = "") -> str:
    return f"/api/prices/{quote(symbol, safe='')}{rest}"


def _posted(path: str, body: object, durable: bool) -> Request:
    return _post(path, msgspec.json.encode(body), "application/json", durable)


def _post(path: str, content: bytes, media_type: str, durable: bool) -> Request:
    headers = {"Content-Type": media_type} | ({"Prefer": "durable"} if durable else {})
    return Request("POST", path, content=content, headers=headers)


def _sent(requests: Iterable[tuple[int, Request]]) -> Call[BatchResult]:
    """Send batches one after the other, each with its number of ticks, and add up their results."""
    accepted = rejected = duplicates = 0
    errors = []
    first = 0
    for count, request in requests:
        result = _read((yield request), BatchResult)
        accepted += result.accepted
        rejected += result.rejected
        duplicates += result.duplicates
        errors += [msgspec.structs.replace(error, index=first + error.index) for error in result.errors]
        first += count
    return BatchResult(accepted, rejected, errors, duplicates)


def _read(answer: httpx.Response, kind: type[T]) -> T:
    if answer.is_success:
        return msgspec.json.decode(answer.content, type=kind)
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    raise RequestRefused(answer.status_code, problem.type.rpartition(":")[2], problem.detail or answer.reason_phrase)


def _chunks(ticks: Iterable[Tick]) -> Iterator[list[Tick]]:
    rest = iter(ticks)
    while chunk := list(islice(rest, _BATCH)):
        yield chunk
