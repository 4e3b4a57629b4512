"""Takes tick bodies to the mediator and builds the answers, for the fast path and the framework alike."""

from api.http.answer import Answer
from api.http.request_options import RequestOptions
from api.ingest.batch_intake import JSON, NDJSON, BatchIntake, media_type, preferred
from api.ingest.strict_fields import Unreadable
from api.ingest.tick_decoding import decode_array, decode_lines, decode_tick
from api.views.ingest import AcceptedView
from api.views.view import encode
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.prices.commands.process_price_update import ProcessPriceUpdate
from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.processing.durability import Durability

ARROW = "application/vnd.apache.arrow.stream"

ONE_ACCEPTED = Answer(202, JSON, b'{"accepted":1}')
_ONE_DURABLE = Answer(200, JSON, b'{"accepted":1}')


class TickIntake:
    """durable: whether every answer waits until the ticks are on disk, even if not requested."""

    def __init__(
        self, mediator: Mediator, answers: IdempotencyStore, clock: Clock, max_batch_size: int, durable: bool
    ) -> None:
        self._mediator = mediator
        self._clock = clock
        self._durable = durable
        # Processes a batch: a JSON array, NDJSON or an Arrow IPC stream.
        self.take_many = BatchIntake(mediator, answers, clock, max_batch_size, durable, _DECODERS).take

    async def take_one(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a body of one tick."""
        if options.media_type != JSON:
            media_type(options.media_type, JSON)
        durable = self._durable or options.durable
        try:
            tick = decode_tick(body, self._clock.now_us())
        except Unreadable as bad:
            await self._mediator.send(RefusePriceUpdate(bad.errors))
        if not durable:
            if await self._mediator.send(ProcessPriceUpdate(tick, patience=options.patience, sender=options.sender)):
                return ONE_ACCEPTED
        elif await self._mediator.send(ProcessPriceUpdate(tick, Durability.DISK, options.patience, options.sender)):
            return preferred(_ONE_DURABLE, options)
        return preferred(Answer(200 if durable else 202, JSON, encode(AcceptedView(0, 1))), options)


def _decode_arrow(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    # A local import: pyarrow takes time and memory that a service without Arrow does not need.
    from api.ingest.arrow_ticks import decode_arrow  # noqa: PLC0415

    return decode_arrow(body, now_us, ticks_max)


_DECODERS = {JSON: decode_array, NDJSON: decode_lines, ARROW: _decode_arrow}
