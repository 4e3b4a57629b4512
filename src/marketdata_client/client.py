"""The HTTP client."""

from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from marketdata_client.messages import Accepted, BatchResult, Statistics, Tick
from marketdata_client.stream import Stream
from marketdata_client.subscriptions import CHANNELS, Channel

_BATCH = 1000

T = TypeVar("T")


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


class MarketDataClient:
    """A connection pool to one service; an asynchronous context manager.

    url: such as `http://127.0.0.1:8000`. http: an httpx client to use instead of creating one; it is not closed.

    Every request raises RequestRefused if the service refuses it, httpx.HTTPError if the service cannot be reached.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, http: httpx.AsyncClient | None = None) -> None:
        self.url = url.rstrip("/")
        self._own = http is None
        self._http = http or httpx.AsyncClient(timeout=timeout_seconds)

    async def __aenter__(self) -> "MarketDataClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._own:
            await self._http.aclose()

    async def post(self, tick: Tick, *, durable: bool = False) -> Accepted:
        """Send a tick. durable: return once it is on the service's disk."""
        return await self._post("/api/prices", tick, durable, Accepted)

    async def post_many(self, ticks: Iterable[Tick], *, durable: bool = False) -> BatchResult:
        """Send ticks in order, a thousand per request.

        Rejected ticks are reported in the result. If a request fails, or has no valid tick, this raises; the requests
        before it have been accepted.
        """
        accepted = rejected = duplicates = 0
        errors = []
        first = 0
        for chunk in _chunks(ticks):
            result = await self._post("/api/prices/batch", chunk, durable, BatchResult)
            accepted += result.accepted
            rejected += result.rejected
            duplicates += result.duplicates
            errors += [msgspec.structs.replace(error, index=first + error.index) for error in result.errors]
            first += len(chunk)
        return BatchResult(accepted, rejected, errors, duplicates)

    async def statistics(self, symbol: str) -> Statistics:
        """Return the statistics of a symbol. Raises RequestRefused with status 404 if it is unknown."""
        answer = await self._http.get(f"{self.url}/api/prices/{quote(symbol, safe='')}")
        return _read(answer, Statistics)

    def stream(self, *symbols: str, channels: Iterable[Channel] = CHANNELS, interval_ms: int | None = None) -> Stream:
        """Watch symbols, or prefixes that end in `*`; without any, all symbols. See `Stream`."""
        return Stream(self.url, symbols or ("*",), channels, interval_ms)

    async def _post(self, path: str, body: object, durable: bool, kind: type[T]) -> T:
        headers = {"Content-Type": "application/json"} | ({"Prefer": "durable"} if durable else {})
        answer = await self._http.post(self.url + path, content=msgspec.json.encode(body), headers=headers)
        return _read(answer, kind)


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
