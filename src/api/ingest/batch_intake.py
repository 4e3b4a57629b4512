"""Takes the bodies of batches to the mediator and builds the answers, for any subject."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from api.http.answer import Answer
from api.http.errors import UnsupportedMediaType
from api.http.request_options import RequestOptions
from api.views.ingest import BatchView
from api.views.view import encode
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.processing.batches import BatchResult
from application.processing.durability import Durability

JSON = "application/json"
NDJSON = "application/x-ndjson"

# From a body, the time and the limit on observations, to the command.
Decode = Callable[[bytes, int, int], Any]
_APPLIED = (("Preference-Applied", "durable"),)


class BatchIntake:
    """decoders: by media type. durable: whether every answer waits until all is on disk, even if not requested."""

    def __init__(
        self,
        mediator: Mediator,
        answers: IdempotencyStore,
        clock: Clock,
        max_batch_size: int,
        durable: bool,
        decoders: Mapping[str, Decode],
    ) -> None:
        self._mediator = mediator
        self._answers = answers
        self._clock = clock
        self._max_batch_size = max_batch_size
        self._durable = durable
        self._decoders = decoders

    async def take(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a batch."""
        decode = self._decoders[media_type(options.media_type, *self._decoders)]
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
                # What is accepted must be on its way to disk before the stored answer is.
                command = replace(command, durability=Durability.LOGGED if durable else Durability.PROCESSED)
            elif durable:
                command = replace(command, durability=Durability.DISK)
            if options.patience is not command.patience:
                command = replace(command, patience=options.patience)
            if options.sender is not command.sender:
                command = replace(command, sender=options.sender)
            if options.client is not None:
                options.client.add(command.count - 1)
            result: BatchResult = await self._mediator.send(command)
            answer = Answer(200 if durable else 202, JSON, encode(BatchView.of(result)))
            if key is not None:
                await self._answers.finish(key, digest, answer.status, answer.body, durable)
        finally:
            if key is not None:
                self._answers.abandon(key)
        return preferred(answer, options)


def media_type(content_type: str | None, *accepted: str) -> str:
    """The body's media type. A page of another origin can send a body without one, but not with one of these.

    Raises:
        UnsupportedMediaType: it is missing, or not accepted.
    """
    named = (content_type or "").partition(";")[0].strip().lower()
    if named not in accepted:
        raise UnsupportedMediaType(f"Send Content-Type: {' or '.join(accepted)}.")
    return named


def preferred(answer: Answer, options: RequestOptions) -> Answer:
    """Report an applied preference (RFC 7240)."""
    return replace(answer, headers=_APPLIED) if options.durable else answer
