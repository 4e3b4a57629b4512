"""Bodies of ticks, to the mediator and back to bytes. What a body means is written here once for every way in."""

from api.careful_ticks import UnreadableTick
from api.problems import UnsupportedMediaType
from api.schemas import BatchView, encode
from api.tick_decoding import decode_array, decode_lines, decode_tick
from application.commands.process_price_update import ProcessPriceUpdate
from application.commands.refuse_price_update import RefusePriceUpdate
from application.mediator import Mediator, Message
from application.ports.clock import Clock

JSON = "application/json"
NDJSON = "application/x-ndjson"

_ACCEPTED_ONE = b'{"accepted":1}'


class TickIntake:
    def __init__(self, mediator: Mediator, clock: Clock, max_batch_size: int) -> None:
        self._mediator = mediator
        self._clock = clock
        self._max_batch_size = max_batch_size

    async def take_one(self, content_type: str | None, body: bytes) -> bytes:
        """One tick; the body of the answer 202."""
        if content_type != JSON:
            media_type(content_type, JSON)
        command: Message[None]
        try:
            command = ProcessPriceUpdate(decode_tick(body, self._clock.now_us()))
        except UnreadableTick as bad:
            command = RefusePriceUpdate(bad.errors)
        await self._mediator.send(command)
        return _ACCEPTED_ONE

    async def take_many(self, content_type: str | None, body: bytes) -> bytes:
        """A JSON array or NDJSON; the body of the answer 202."""
        decode = decode_lines if media_type(content_type, JSON, NDJSON) == NDJSON else decode_array
        result = await self._mediator.send(decode(body, self._clock.now_us(), self._max_batch_size))
        return encode(BatchView.of(result))


def media_type(content_type: str | None, *accepted: str) -> str:
    """The body's media type; the first of those accepted where the request names none.

    Raises:
        UnsupportedMediaType: it is none of them.
    """
    if content_type is None:
        return accepted[0]
    named = content_type.partition(";")[0].strip().lower()
    if named not in accepted:
        raise UnsupportedMediaType(f"Send Content-Type: {' or '.join(accepted)}.")
    return named
