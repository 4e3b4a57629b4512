"""Takes bodies of option quotes to the mediator and builds the answers."""

from dataclasses import replace

import msgspec

from api.http.answer import Answer
from api.http.request_options import RequestOptions
from api.ingest.batch_intake import JSON, NDJSON, BatchIntake, media_type, preferred
from api.ingest.option_decoding import decode_chain, decode_quote, decode_quote_lines, decode_quotes
from api.views.ingest import AcceptedView
from api.views.view import encode
from application.errors import ValidationFailed
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.processing.durability import Durability


class OptionIntake:
    """durable: whether every answer waits until the quotes are on disk, even if not requested."""

    def __init__(
        self, mediator: Mediator, answers: IdempotencyStore, clock: Clock, quotes_max: int, durable: bool
    ) -> None:
        self._mediator = mediator
        self._clock = clock
        self._durable = durable
        quotes = {JSON: decode_quotes, NDJSON: decode_quote_lines}
        # Processes a batch: a JSON array or NDJSON.
        self.take_many = BatchIntake(mediator, answers, clock, quotes_max, durable, quotes).take
        # Processes a chain.
        self.take_chain = BatchIntake(mediator, answers, clock, quotes_max, durable, {JSON: decode_chain}).take

    async def take_one(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a body of one quote."""
        media_type(options.media_type, JSON)
        durable = self._durable or options.durable
        command = replace(
            decode_quote(body, self._clock.now_us()),
            durability=Durability.DISK if durable else Durability.MEMORY,
            patience=options.patience,
            sender=options.sender,
        )
        try:
            result = await self._mediator.send(command)
        except ValidationFailed as failure:
            # It is alone, so it has no index.
            raise ValidationFailed([replace(error, index=None) for error in failure.errors]) from None
        view = AcceptedView(result.accepted, result.duplicates or msgspec.UNSET)
        return preferred(Answer(200 if durable else 202, JSON, encode(view)), options)
