"""Streamed ticks: one request with an unbounded body, NDJSON or an Arrow IPC stream, processed as it arrives.

A stream is admitted block by block and held for as long as it takes, whatever the queues' policy. Meanwhile nothing
more is read, so TCP applies back-pressure to the sender.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from litestar.types import ASGIApp

from api.http.answer import Answer, answer_to, send_answer, start_answer
from api.http.asgi import Send
from api.http.bodies import CLIENT_GONE, ClientGone
from api.http.content_coding import coding_of, decoded_parts
from api.http.errors import BodyTooLarge, MalformedBody
from api.http.request_options import RequestOptions
from api.http.shares import share_of
from api.ingest.batch_intake import JSON, NDJSON, media_type
from api.ingest.stream_account import StreamAccount
from api.ingest.tick_decoding import decode_lines
from api.ingest.tick_intake import ARROW
from api.views.ingest import ProgressView
from api.views.view import encode
from application.access.errors import Unauthenticated
from application.errors import BatchTooLarge, FieldError, StorageFailed, Unavailable
from application.mediator import Mediator
from application.ports.clock import Clock
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.processing.confirm_durability import ConfirmDurability
from infrastructure.processing.admission import Admission

STREAM_PATH = "/api/prices/stream"

_LINE_BYTES_MAX = 65_536
# Lines are processed in blocks of about this size, so that their ticks are still in the CPU's caches.
_BLOCK_BYTES = 32_768
_BLOCK_ROWS = 2000
_PROGRESS_SECONDS = 1.0
# How often a stream that waits for its rate limits looks whether its key is still valid.
_LIMITED_SECONDS = 1.0

Take = Callable[[], Awaitable[None]]


class Lines:
    """Splits incoming data into blocks of complete lines, and skips lines that are too long."""

    def __init__(self) -> None:
        self._remainder = b""
        self._passing_over = False

    def feed(self, part: bytes) -> tuple[bytes, bool]:
        """The lines that are now complete, and whether the line behind them is skipped."""
        if self._passing_over:
            end = part.find(b"\n") + 1
            if end == 0:
                return b"", False
            self._passing_over = False
            part = part[end:]
        end = part.rfind(b"\n") + 1
        block = self._remainder + part[:end] if end else b""
        self._remainder = part[end:] if end else self._remainder + part
        if len(self._remainder) > _LINE_BYTES_MAX:
            self._remainder = b""
            self._passing_over = True
        return block, self._passing_over

    def last(self) -> bytes:
        """The data after the last line feed."""
        return self._remainder


class TickStream:
    """ticks_max: ticks per command. ratio_max: of a compressed body. message_bytes_max: of a message of Arrow.

    durable: whether every answer waits until the ticks are on disk.
    """

    def __init__(
        self,
        mediator: Mediator,
        admission: Admission,
        clock: Clock,
        ticks_max: int,
        ratio_max: int,
        message_bytes_max: int,
        durable: bool,
    ) -> None:
        self._mediator = mediator
        self._admission = admission
        self._clock = clock
        self._ticks_max = ticks_max
        self._ratio_max = ratio_max
        self._message_bytes_max = message_bytes_max
        self._durable = durable

    def app(self, options: RequestOptions, progress: bool) -> ASGIApp:
        """Process a streamed body and answer with its accounting. Raises UnsupportedMediaType."""
        take = self._take_lines if media_type(options.media_type, NDJSON, ARROW) == NDJSON else self._take_arrow

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            parts = decoded_parts(receive, coding_of(scope), self._ratio_max)
            durable = self._durable or options.durable
            account = StreamAccount(self._mediator, durable, share_of(scope), options.sender, options.client)
            try:
                if progress:
                    await self._answer_with_progress(account, partial(take, account, parts), send)
                else:
                    await send_answer(send, await self._take(account, partial(take, account, parts)))
            except ClientGone:
                await start_answer(send, CLIENT_GONE, NDJSON)

        return answer

    async def _answer_with_progress(self, account: StreamAccount, take: Take, send: Send) -> None:
        await start_answer(send, account.status, NDJSON)
        telling = asyncio.create_task(self._tell(account, send))
        try:
            answer = await self._take(account, take)
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        await send({"type": "http.response.body", "body": answer.body + b"\n"})

    async def _tell(self, account: StreamAccount, send: Send) -> None:
        while True:
            await self._clock.sleep(_PROGRESS_SECONDS)
            line = encode(ProgressView(account.accepted, account.rejected)) + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})

    async def _take(self, account: StreamAccount, take: Take) -> Answer:
        try:
            await take()
            if account.durable:
                await self._mediator.send(ConfirmDurability())
        except (
            Unauthenticated,
            Unavailable,
            StorageFailed,
            MalformedBody,
            BodyTooLarge,
            asyncio.CancelledError,
        ) as given:
            # Streams still open at the shutdown deadline are cancelled. A key may be revoked in the middle of one.
            so_far = f" Of this stream, {account.accepted} ticks were accepted and {account.rejected} rejected before."
            return answer_to(given, STREAM_PATH, so_far)
        return Answer(account.status, JSON, encode(account.view()))

    async def _take_lines(self, account: StreamAccount, parts: AsyncIterator[bytes]) -> None:
        lines = Lines()
        async for part in parts:
            block, gave_up = lines.feed(part)
            await self._process(account, block)
            if gave_up:
                message = f"the line has more than {_LINE_BYTES_MAX} bytes"
                await account.refuse_line(FieldError("", "too_long", message))
        await self._process(account, lines.last())

    async def _take_arrow(self, account: StreamAccount, parts: AsyncIterator[bytes]) -> None:
        # A local import: pyarrow takes time and memory that a service without Arrow does not need.
        from api.ingest.arrow_ticks import ArrowTicks  # noqa: PLC0415

        ticks = ArrowTicks(self._message_bytes_max, min(self._ticks_max, _BLOCK_ROWS))
        async for part in parts:
            for size, piece in ticks.feed(part):
                # Others have their turn between any two messages, however many came at once.
                await asyncio.sleep(0)
                await self._admission.enter(account.share, size, patient=True)
                if piece is not None:
                    await self._submit(account, ticks.command(piece, self._clock.now_us()))
        ticks.finish()

    async def _process(self, account: StreamAccount, block: bytes) -> None:
        start = 0
        while start < len(block):
            # Cut at the last line end within the block size, or else at the first one beyond.
            end = block.rfind(b"\n", start, start + _BLOCK_BYTES) + 1 or block.find(b"\n", start) + 1 or len(block)
            await self._process_lines(account, block[start:end])
            start = end

    async def _process_lines(self, account: StreamAccount, block: bytes) -> None:
        if block.isspace():
            return
        await self._admission.enter(account.share, len(block), patient=True)
        try:
            command = decode_lines(block, self._clock.now_us(), self._ticks_max)
        except BatchTooLarge:
            cut = block.rfind(b"\n", 0, len(block) // 2) + 1 or block.find(b"\n") + 1
            if cut in (0, len(block)):
                # Several ticks on one line are not a tick.
                await account.refuse_line(FieldError("", "malformed", "the line is more than one tick"))
                return
            await self._process_lines(account, block[:cut])
            await self._process_lines(account, block[cut:])
            return
        await self._submit(account, command)

    async def _submit(self, account: StreamAccount, command: ProcessPriceBatch) -> None:
        # A stream is not refused where it exceeds the rate limits: it is read more slowly.
        while (seconds := account.wait()) > 0:
            await self._clock.sleep(min(seconds, _LIMITED_SECONDS))
        await account.submit(command)
