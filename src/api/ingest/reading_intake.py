"""Takes bodies of readings to the mediator and builds the answers."""

from dataclasses import replace

from api.http.answer import Answer
from api.http.request_options import RequestOptions
from api.ingest.batch_intake import JSON, NDJSON, BatchIntake, media_type, preferred
from api.ingest.reading_decoding import ReadingDecoding
from api.views.ingest import AcceptedView
from api.views.view import encode
from application.errors import ValidationFailed
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.processing.durability import Durability


class ReadingIntake:
    """durable: whether every answer waits until the readings are on disk, even if not requested."""

    def __init__(
        self,
        mediator: Mediator,
        answers: IdempotencyStore,
        clock: Clock,
        max_batch_size: int,
        durable: bool,
        decoding: ReadingDecoding,
    ) -> None:
        self._mediator = mediator
        self._clock = clock
        self._durable = durable
        self._decoding = decoding
        decoders = {JSON: decoding.array, NDJSON: decoding.lines}
        # Processes a batch: a JSON array or NDJSON.
        self.take_many = BatchIntake(mediator, answers, clock, max_batch_size, durable, decoders).take

    async def take_one(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a body of one reading."""
        media_type(options.media_type, JSON)
        durable = self._durable or options.durable
        durability = Durability.DISK if durable else Durability.MEMORY
        command = replace(
            self._decoding.one(body, self._clock.now_us()),
            durability=durability,
            patience=options.patience,
            sender=options.sender,
        )
        try:
            result = await self._mediator.send(command)
        except ValidationFailed as failure:
            raise ValidationFailed([replace(error, index=None) for error in failure.errors]) from None
        view = AcceptedView(0, 1) if result.duplicates else AcceptedView(1)
        return preferred(Answer(200 if durable else 202, JSON, encode(view)), options)
