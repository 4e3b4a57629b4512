"""Streamed ticks: one request with an unbounded NDJSON body, processed as it arrives.

A stream is admitted block by block and held for as long as it takes, whatever the queues' policy. Meanwhile nothing
more is read, so TCP applies back-pressure to the sender.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
from litestar.types import ASGIApp

from api.http.answer import Answer, answer_to, send_answer, start_answer
from api.http.asgi import Send
from api.http.bodies import CLIENT_GONE, ClientGone
from api.http.content_coding import coding_of, decoded_parts
from api.http.errors import BodyTooLarge, MalformedBody
from api.http.request_options import RequestOptions
from api.http.shares import share_of
from api.ingest.tick_decoding import decode_lines
from api.ingest.tick_intake import JSON, NDJSON, media_type
from api.views.ingest import BatchView, ProgressView
from api.views.problem import ErrorView
from api.views.view import encode
from application.errors import BatchTooLarge, FieldError, StorageFailed, Unavailable, ValidationFailed
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.processor import Patience
from application.prices.commands.process_price_batch import ERRORS_REPORTED_MAX
from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.processing.confirm_durability import ConfirmDurability
from application.processing.durability import Durability
from infrastructure.processing.admission import Admission, Share

STREAM_PATH = "/api/prices/stream"

_LINE_BYTES_MAX = 65_536
# Lines are processed in blocks of about this size, so that their ticks are still in the CPU's caches.
_BLOCK_BYTES = 32_768
_PROGRESS_SECONDS = 1.0


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


class _Account:
    """Accounting of one stream. durable: its answer waits until the ticks are on disk. share: its connection's."""

    def __init__(self, durable: bool, share: Share) -> None:
        self.durable = durable
        self.share = share
        self.accepted = 0
        self.rejected = 0
        self.duplicates = 0
        self.errors: list[FieldError] = []

    def refuse(self, errors: tuple[FieldError, ...], ticks: int, first: int) -> None:
        """Count rejected ticks. first: position in the stream of the errors' index 0."""
        room = ERRORS_REPORTED_MAX - len(self.errors)
        self.errors += [error.at(first + (error.index or 0)) for error in errors[:room]]
        self.rejected += ticks

    @property
    def status(self) -> int:
        return 200 if self.durable else 202

    @property
    def seen(self) -> int:
        """All ticks so far."""
        return self.accepted + self.rejected + self.duplicates

    def view(self) -> BatchView:
        errors = [ErrorView.of(error) for error in self.errors]
        return BatchView(self.accepted, self.rejected, errors, self.duplicates or msgspec.UNSET)


class TickStream:
    """ticks_max: ticks per command. ratio_max: of a compressed body.

    durable: whether every answer waits until the ticks are on disk.
    """

    def __init__(
        self, mediator: Mediator, admission: Admission, clock: Clock, ticks_max: int, ratio_max: int, durable: bool
    ) -> None:
        self._mediator = mediator
        self._admission = admission
        self._clock = clock
        self._ticks_max = ticks_max
        self._ratio_max = ratio_max
        self._durable = durable

    def app(self, options: RequestOptions, progress: bool) -> ASGIApp:
        """Process a streamed body and answer with its accounting. Raises UnsupportedMediaType."""
        media_type(options.media_type, NDJSON)

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            parts = decoded_parts(receive, coding_of(scope), self._ratio_max)
            account = _Account(self._durable or options.durable, share_of(scope))
            try:
                if progress:
                    await self._answer_with_progress(account, parts, send)
                else:
                    await send_answer(send, await self._take(account, parts))
            except ClientGone:
                await start_answer(send, CLIENT_GONE, NDJSON)

        return answer

    async def _answer_with_progress(self, account: _Account, parts: AsyncIterator[bytes], send: Send) -> None:
        await start_answer(send, account.status, NDJSON)
        telling = asyncio.create_task(self._tell(account, send))
        try:
            answer = await self._take(account, parts)
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        await send({"type": "http.response.body", "body": answer.body + b"\n"})

    async def _tell(self, account: _Account, send: Send) -> None:
        while True:
            await self._clock.sleep(_PROGRESS_SECONDS)
            line = encode(ProgressView(account.accepted, account.rejected)) + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})

    async def _take(self, account: _Account, parts: AsyncIterator[bytes]) -> Answer:
        lines = Lines()
        try:
            async for part in parts:
                block, gave_up = lines.feed(part)
                await self._process(account, block)
                if gave_up:
                    message = f"the line has more than {_LINE_BYTES_MAX} bytes"
                    await self._refuse(account, FieldError("", "too_long", message))
            await self._process(account, lines.last())
            if account.durable:
                await self._mediator.send(ConfirmDurability())
        except (Unavailable, StorageFailed, MalformedBody, BodyTooLarge, asyncio.CancelledError) as given:
            # Streams still open at the shutdown deadline are cancelled.
            so_far = f" Of this stream, {account.accepted} ticks were accepted and {account.rejected} rejected before."
            return answer_to(given, STREAM_PATH, so_far)
        return Answer(account.status, JSON, encode(account.view()))

    async def _refuse(self, account: _Account, error: FieldError) -> None:
        try:
            await self._mediator.send(RefusePriceUpdate((error,)))
        except ValidationFailed as failure:
            account.refuse(failure.errors, failure.ticks, account.seen)

    async def _process(self, account: _Account, block: bytes) -> None:
        start = 0
        while start < len(block):
            # Cut at the last line end within the block size, or else at the first one beyond.
            end = block.rfind(b"\n", start, start + _BLOCK_BYTES) + 1 or block.find(b"\n", start) + 1 or len(block)
            await self._process_lines(account, block[start:end])
            start = end

    async def _process_lines(self, account: _Account, block: bytes) -> None:
        if block.isspace():
            return
        await self._admission.enter(account.share, len(block), patient=True)
        first = account.seen
        try:
            command = replace(
                decode_lines(block, self._clock.now_us(), self._ticks_max),
                patience=Patience.UNLIMITED,
                durability=Durability.LOGGED if account.durable else Durability.MEMORY,
            )
        except BatchTooLarge:
            cut = block.rfind(b"\n", 0, len(block) // 2) + 1 or block.find(b"\n") + 1
            if cut in (0, len(block)):
                # Several ticks on one line are not a tick.
                await self._refuse(account, FieldError("", "malformed", "the line is more than one tick"))
                return
            await self._process_lines(account, block[:cut])
            await self._process_lines(account, block[cut:])
            return
        try:
            result = await self._mediator.send(command)
        except ValidationFailed as failure:
            account.refuse(failure.errors, len(command.ticks) + command.rejected, first)
        else:
            account.accepted += result.accepted
            account.duplicates += result.duplicates
            account.refuse(result.errors, result.rejected, first)
