"""The client for asynchronous programs."""

from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

import httpx

from marketdata_client import calls
from marketdata_client.messages import Accepted, BatchResult, Statistics, Tick
from marketdata_client.records import Anomaly, Candle, Direction, Interval, Move, Severity, TickRecord
from marketdata_client.stream import Stream
from marketdata_client.subscriptions import CHANNELS, Channel
from marketdata_client.tables import Records

T = TypeVar("T")


class MarketDataClient:
    """A connection pool to one service; an asynchronous context manager. `SyncMarketDataClient` does without await.

    url: such as `http://127.0.0.1:8000`. key: for a service that needs one, `md_...`. http: an httpx client to use
    instead of creating one; it is not closed.

    Every request raises RequestRefused if the service refuses it, httpx.HTTPError if the service cannot be reached.
    """

    def __init__(
        self, url: str, *, key: str | None = None, timeout_seconds: float = 30.0, http: httpx.AsyncClient | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = calls.signed_by(key)
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
        return await self._run(calls.post(tick, durable))

    async def post_many(self, ticks: Iterable[Tick], *, durable: bool = False) -> BatchResult:
        """Send ticks in order, a thousand per request.

        Rejected ticks are reported in the result. If a request fails, or has no valid tick, this raises; the requests
        before it have been accepted.
        """
        return await self._run(calls.post_many(ticks, durable))

    async def post_table(self, table: Any, *, durable: bool = False) -> BatchResult:
        """Send a table of ticks in order, ten thousand rows per request, as Arrow.

        table: a pyarrow Table, or anything that pyarrow makes one of, such as a pandas or polars DataFrame. Its columns
        are symbol, price, timestamp, volume and id, of which only the first two are required.

        Rejected rows are reported in the result. If a request fails, or has no valid row, this raises; the requests
        before it have been accepted. Raises ImportError without pyarrow.
        """
        return await self._run(calls.post_table(table, durable))

    async def statistics(self, symbol: str) -> Statistics:
        """Return the statistics of a symbol. Raises RequestRefused with status 404 if it is unknown."""
        return await self._run(calls.statistics(symbol))

    async def ticks(
        self, symbol: str, start: datetime | None = None, end: datetime | None = None, limit: int | None = None
    ) -> Records[TickRecord]:
        """Return the ticks of a symbol, in order of arrival.

        start, end: aware; of the ticks stamped within [start, end). limit: only so many: the first ones from start
        on or, without start, the newest.
        Raises RequestRefused with status 404 if the symbol is unknown, 400 if a parameter is invalid.
        """
        return await self._run(calls.ticks(symbol, start, end, limit))

    async def candles(
        self,
        symbol: str,
        interval: Interval,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> Records[Candle]:
        """Return the candles of a symbol, oldest first; intervals without a tick have none.

        start, end: aware; of the candles that start within [start, end). limit: only so many: the first ones from
        start on or, without start, the newest.
        Raises RequestRefused with status 404 if the symbol is unknown, 400 if a parameter is invalid.
        """
        return await self._run(calls.candles(symbol, interval, start, end, limit))

    async def anomalies(
        self,
        symbol: str | None = None,
        direction: Direction | None = None,
        severity: Severity | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> Records[Anomaly]:
        """Return anomalies, newest first, of one symbol or of all.

        start, end: aware; of those detected within [start, end). limit: only so many, the newest.
        Raises RequestRefused with status 400 if a parameter is invalid. An unknown symbol has none.
        """
        return await self._run(calls.anomalies_or_moves(Anomaly, symbol, direction, severity, start, end, limit))

    async def moves(
        self,
        symbol: str | None = None,
        direction: Direction | None = None,
        severity: Severity | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> Records[Move]:
        """Return moves, newest first, of one symbol or of all.

        start, end: aware; of those that started within [start, end). limit: only so many, the newest.
        Raises RequestRefused with status 400 if a parameter is invalid. An unknown symbol has none.
        """
        return await self._run(calls.anomalies_or_moves(Move, symbol, direction, severity, start, end, limit))

    def stream(self, *symbols: str, channels: Iterable[Channel] = CHANNELS, interval_ms: int | None = None) -> Stream:
        """Watch symbols, or prefixes that end in `*`; without any, all symbols. See `Stream`."""
        return Stream(self.url, symbols or ("*",), channels, interval_ms, self._headers)

    async def _run(self, call: calls.Call[T]) -> T:
        try:
            asked = next(call)
            while True:
                asked = call.send(await self._http.request(**asked.arguments(self.url, self._headers)))
        except StopIteration as end:
            result: T = end.value
            return result
