"""Takes bodies of option quotes to the mediator and builds the answers."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

import msgspec

from api.http.answer import Answer
from api.http.request_options import RequestOptions
from api.ingest.batch_intake import JSON, NDJSON, media_type
from api.ingest.option_decoding import decode_chain, decode_quote, decode_quote_lines, decode_quotes
from api.views.ingest import AcceptedView, BatchView
from api.views.problem import ErrorView
from api.views.view import encode
from application.errors import ValidationFailed
from application.mediator import Mediator
from application.options.commands.process_option_quotes import ProcessOptionQuotes, QuotesResult
from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.processing.durability import Durability

Decode = Callable[[bytes, int, int], ProcessOptionQuotes]
_APPLIED = (("Preference-Applied", "durable"),)
_BATCHES: dict[str, Decode] = {JSON: decode_quotes, NDJSON: decode_quote_lines}


class OptionIntake:
    """refuse: counts quotes of a body that cannot be decoded. durable: whether every answer waits for the disk."""

    def __init__(
        self,
        mediator: Mediator,
        answers: IdempotencyStore,
        clock: Clock,
        quotes_max: int,
        durable: bool,
        refuse: Callable[[int], None],
    ) -> None:
        self._mediator = mediator
        self._answers = answers
        self._clock = clock
        self._quotes_max = quotes_max
        self._durable = durable
        self._refuse = refuse

    async def take_one(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a body of one quote."""
        media_type(options.media_type, JSON)
        durable = self._durable or options.durable
        command = self._command(decode_quote, options, body, Durability.DISK if durable else Durability.MEMORY)
        try:
            result = await self._mediator.send(command)
        except ValidationFailed as failure:
            # It is alone, so it has no index.
            raise ValidationFailed([replace(error, index=None) for error in failure.errors]) from None
        view = AcceptedView(result.accepted, result.duplicates or msgspec.UNSET)
        return _preferred(Answer(200 if durable else 202, JSON, encode(view)), options)

    async def take_many(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a batch: a JSON array, or NDJSON."""
        decode = _BATCHES[media_type(options.media_type, *_BATCHES)]
        return await self._take(decode, options, body)

    async def take_chain(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a chain."""
        media_type(options.media_type, JSON)
        return await self._take(decode_chain, options, body)

    async def _take(self, decode: Decode, options: RequestOptions, body: bytes) -> Answer:
        durable = self._durable or options.durable
        key = options.read_key()
        digest = b""
        durability = Durability.DISK if durable else Durability.MEMORY
        if key is not None:
            digest = blake2b(body, digest_size=16).digest()
            first = await self._answers.begin(key, digest, durable)
            if first is not None:
                return Answer(first.status, JSON, first.body, (("Idempotency-Replayed", "true"),))
            # The quotes must be on their way to disk before the stored answer is.
            durability = Durability.LOGGED if durable else Durability.PROCESSED
        try:
            command = self._command(decode, options, body, durability)
            if options.client is not None:
                options.client.add(len(command.quotes) + command.rejected - 1)
            answer = Answer(200 if durable else 202, JSON, encode(_view(await self._mediator.send(command))))
            if key is not None:
                await self._answers.finish(key, digest, answer.status, answer.body, durable)
        finally:
            if key is not None:
                self._answers.abandon(key)
        return _preferred(answer, options)

    def _command(
        self, decode: Decode, options: RequestOptions, body: bytes, durability: Durability
    ) -> ProcessOptionQuotes:
        try:
            command = decode(body, self._clock.now_us(), self._quotes_max)
        except ValidationFailed as failure:
            self._refuse(failure.ticks)
            raise
        return replace(command, durability=durability, patience=options.patience, sender=options.sender)


def _view(result: QuotesResult) -> BatchView:
    errors = list(map(ErrorView.of, result.errors))
    return BatchView(result.accepted, result.rejected, errors, result.duplicates or msgspec.UNSET)


def _preferred(answer: Answer, options: RequestOptions) -> Answer:
    """Report an applied preference (RFC 7240)."""
    return replace(answer, headers=_APPLIED) if options.durable else answer
