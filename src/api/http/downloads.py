"""Downloads: all of a range as one Parquet file, which is encoded and sent while it is read."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import structlog
from litestar import Request, Response

from api.http.answer import start_answer
from api.http.asgi import IS_HEAD, Receive, Scope, Send
from api.http.bodies import until_gone
from api.http.cursors import to_cursor
from api.http.dependencies import principal_of
from api.http.responses import CSV, JSON, NDJSON
from application.access.errors import Unauthenticated
from application.errors import MarketDataError
from domain.access.principal import Principal
from infrastructure.parquet_table import ParquetTable

if TYPE_CHECKING:
    from infrastructure.parquet_writer import ParquetWriter

PARQUET = "application/vnd.apache.parquet"
# What is read and encoded at once, and becomes a group of rows in the file.
_ROWS_AT_ONCE = 10_000
# Downloads that read or encode at the same time; others wait for their turn.
_TURNS = 2

T = TypeVar("T")

_log = structlog.stdlib.get_logger(__name__)


class Part(NamedTuple):
    """A page of a list. rest: where the next one starts, None on the last."""

    items: Sequence[Any]
    rest: Any


# Asks for the part that starts at a place, and has at most so many items.
Ask = Callable[[Any, int], Awaitable[Part]]


def wants_parquet(request: "Request[Any, Any, Any]") -> bool:
    return request.accept.best_match([JSON, NDJSON, CSV, PARQUET]) == PARQUET


class Downloads:
    """Makes downloads. They hold a few thousand rows at a time, and none while they wait for their client.

    page_max: the most items that can be asked for at once. knows: whether somebody may still download; None for
    everybody.
    """

    def __init__(self, page_max: int, knows: Callable[[Principal], bool] | None = None) -> None:
        self._page_max = page_max
        self._knows = knows
        self._turns = asyncio.Semaphore(_TURNS)

    async def begin(self, table: ParquetTable, ask: Ask, place: Any, limit: int | None) -> "Download[Any]":
        """Read the first rows, and return an answer that sends them and all others from `place` on.

        limit: only so many; the rest is behind a cursor then. Raises whatever `ask` raises.
        """
        rows = _Rows(table, ask, place, limit, self._page_max, self._turns)
        return Download(rows, await rows.encoded(), self._knows)


class Download(Response[T]):
    """An answer whose body is not made yet, but for its first part."""

    def __init__(self, rows: "_Rows", first: bytes, knows: Callable[[Principal], bool] | None) -> None:
        super().__init__(content=None, media_type=PARQUET)  # type: ignore[arg-type]  # it has none
        self._rows = rows
        self._first = first
        self._knows = knows

    def to_asgi_response(self, app: Any, request: "Request[Any, Any, Any]", **more: Any) -> Any:
        return self._send

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"vary", b"Accept"), (b"cache-control", b"no-store")]
        cursor = to_cursor(self._rows.rest)
        if self._rows.is_complete and cursor is not None:
            headers.append((b"next-cursor", cursor.encode()))
        await start_answer(send, 200, PARQUET, *headers)
        if scope[IS_HEAD]:
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.create_task(until_gone(receive))
        try:
            await self._send_body(principal_of(scope), gone, send)
        except MarketDataError as error:
            # The head is sent already: the server closes the connection, so that nobody takes the body for complete.
            _log.warning("a download broke off", path=scope["path"], reason=str(error))
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _send_body(self, principal: Principal, gone: "asyncio.Task[None]", send: Send) -> None:
        part = self._first
        while not gone.done():
            # Waits while the client does not read.
            await send({"type": "http.response.body", "body": part, "more_body": not self._rows.is_complete})
            if self._rows.is_complete:
                return
            if self._knows is not None and not self._knows(principal):
                raise Unauthenticated
            part = await self._rows.encoded()


class _Rows:
    """Rows of a download on their way from the store to the client.

    rest: where what has not been read starts. is_complete: whether everything has been encoded.
    """

    def __init__(
        self,
        table: ParquetTable,
        ask: Ask,
        place: Any,
        limit: int | None,
        page_max: int,
        turns: asyncio.Semaphore,
    ) -> None:
        self.rest = place
        self.is_complete = False
        self._table = table
        self._ask = ask
        self._limit = limit
        self._page_max = min(page_max, _ROWS_AT_ONCE)
        self._turns = turns
        self._sink = _Sink()
        self._writer: ParquetWriter | None = None

    async def encoded(self) -> bytes:
        """Read and encode the next rows. With the last ones comes what the file ends with."""
        async with self._turns:
            items: list[Any] = []
            while not self.is_complete and len(items) < _ROWS_AT_ONCE:
                found, self.rest = await self._ask(self.rest, self._limit or self._page_max)
                items += found
                self.is_complete = self.rest is None or self._limit is not None
            return await asyncio.to_thread(self._encode, items)

    def _encode(self, items: list[Any]) -> bytes:
        """In a thread, as importing pyarrow takes long too."""
        from infrastructure.parquet_writer import ParquetWriter  # noqa: PLC0415  # most services never need it

        if self._writer is None:
            self._writer = ParquetWriter(self._sink, self._table)
        self._writer.write(items)
        if self.is_complete:
            self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
