"""Takes tick bodies to the mediator and builds the answers, for the fast path and the framework alike."""

from dataclasses import replace
from hashlib import blake2b

from api.http.answer import Answer
from api.http.errors import UnsupportedMediaType
from api.http.request_options import RequestOptions
from api.ingest.strict_ticks import UnreadableTick
from api.ingest.tick_decoding import decode_array, decode_lines, decode_tick
from api.views.ingest import AcceptedView, BatchView
from api.views.view import encode
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.prices.commands.process_price_update import ProcessPriceUpdate
from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.processing.durability import Durability

JSON = "application/json"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"

ONE_ACCEPTED = Answer(202, JSON, b'{"accepted":1}')
_ONE_DURABLE = Answer(200, JSON, b'{"accepted":1}')
_APPLIED = (("Preference-Applied", "durable"),)


class TickIntake:
    """durable: whether every answer waits until the ticks are on disk, even if not requested."""

    def __init__(
        self, mediator: Mediator, answers: IdempotencyStore, clock: Clock, max_batch_size: int, durable: bool
    ) -> None:
        self._mediator = mediator
        self._answers = answers
        self._clock = clock
        self._max_batch_size = max_batch_size
        self._durable = durable

    async def take_one(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a body of one tick."""
        if options.media_type != JSON:
            media_type(options.media_type, JSON)
        durable = self._durable or options.durable
        try:
            tick = decode_tick(body, self._clock.now_us())
        except UnreadableTick as bad:
            await self._mediator.send(RefusePriceUpdate(bad.errors))
        if not durable:
            if await self._mediator.send(ProcessPriceUpdate(tick, patience=options.patience, sender=options.sender)):
                return ONE_ACCEPTED
        elif await self._mediator.send(ProcessPriceUpdate(tick, Durability.DISK, options.patience, options.sender)):
            return _preferred(_ONE_DURABLE, options)
        return _preferred(Answer(200 if durable else 202, JSON, encode(AcceptedView(0, 1))), options)

    async def take_many(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a batch: a JSON array, NDJSON or an Arrow IPC stream."""
        decode = _DECODERS[media_type(options.media_type, *_DECODERS)]
        durable = self._durable or options.durable
        key = options.read_key()
        digest = b""
        if key is not None:
            digest = blake2b(body, digest_size=16).digest()
            first = await self._answers.begin(key, digest, durable)
            if first is not None:
                return Answer(first.status, JSON, first.body, (("Idempotency-Replayed", "true"),))
        try:
            command = decode(body, self._clock.now_us(), self._max_batch_size)
            if key is not None:
                # The ticks must be on their way to disk before the stored answer is.
                command = replace(command, durability=Durability.LOGGED if durable else Durability.PROCESSED)
            elif durable:
                command = replace(command, durability=Durability.DISK)
            if options.patience is not command.patience:
                command = replace(command, patience=options.patience)
            if options.sender is not command.sender:
                command = replace(command, sender=options.sender)
            if options.client is not None:
                options.client.add(len(command.ticks) + command.rejected - 1)
            result = await self._mediator.send(command)
            answer = Answer(200 if durable else 202, JSON, encode(BatchView.of(result)))
            if key is not None:
                await self._answers.finish(key, digest, answer.status, answer.body, durable)
        finally:
            if key is not None:
                self._answers.abandon(key)
        return _preferred(answer, options)


def media_type(content_type: str | None, *accepted: str) -> str:
    """The body's media type. A page of another origin can send a body without one, but not with one of these.

    Raises:
        UnsupportedMediaType: it is missing, or not accepted.
    """
    named = (content_type or "").partition(";")[0].strip().lower()
    if named not in accepted:
        raise UnsupportedMediaType(f"Send Content-Type: {' or '.join(accepted)}.")
    return named


def _decode_arrow(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    # A local import: pyarrow takes time and memory that a service without Arrow does not need.
    from api.ingest.arrow_ticks import decode_arrow  # noqa: PLC0415

    return decode_arrow(body, now_us, ticks_max)


_DECODERS = {JSON: decode_array, NDJSON: decode_lines, ARROW: _decode_arrow}


def _preferred(answer: Answer, options: RequestOptions) -> Answer:
    """Report an applied preference (RFC 7240)."""
    return replace(answer, headers=_APPLIED) if options.durable else answer
