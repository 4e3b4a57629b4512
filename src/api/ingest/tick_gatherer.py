"""Gathers single ticks that arrive together, and processes them as one batch."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

from api.http.errors import MalformedBody
from api.http.gathering import Outcome
from api.http.request_options import RequestOptions
from api.ingest.batch_intake import JSON
from api.ingest.strict_fields import Unreadable
from api.ingest.tick_decoding import append_tick, decode_tick
from api.ingest.tick_intake import ONE_ACCEPTED
from application.errors import FieldError, QueueFull, ValidationFailed
from application.mediator import Mediator
from application.ports.clock import Clock
from application.prices.commands.process_price_batch import ProcessPriceBatch
from domain.prices.ticks import Ticks
from infrastructure.processing.backlog import Backlog

# More than any tick has errors.
_ERRORS_OF_A_TICK = 8


class TickGatherer:
    """The `Gatherer` of `POST /api/prices`.

    ticks_max: the largest batch. durable: whether every answer waits until its tick is on disk; nothing is gathered
    then, because those commit together anyway. backlog: of the queues. has_room: whether a tick of a symbol can be
    enqueued at once; otherwise all would wait for one queue. knows: whether a symbol is known; None if that makes no
    difference.
    """

    def __init__(
        self,
        mediator: Mediator,
        clock: Clock,
        ticks_max: int,
        durable: bool,
        backlog: Backlog,
        has_room: Callable[[str], bool],
        knows: Callable[[str], bool] | None = None,
    ) -> None:
        self.requests_max = ticks_max
        self.status = ONE_ACCEPTED.status
        self._mediator = mediator
        self._clock = clock
        self._durable = durable
        self._backlog = backlog
        self._has_room = has_room
        self._knows = knows
        self._ticks = Ticks([], [], [])
        # Of the first of them.
        self._now_us = 0

    def takes(self, options: RequestOptions) -> bool:
        return options.media_type == JSON and not options.durable and not self._durable

    def add(self, body: bytes) -> bool:
        ticks = self._ticks
        if not ticks.symbols:
            self._now_us = self._clock.now_us()
        if append_tick(body, ticks, self._now_us):
            if self._goes_with_others(ticks):
                return True
            self._ticks = ticks.without({len(ticks) - 1})
            return False
        try:
            tick = decode_tick(body, self._now_us)
        except (MalformedBody, Unreadable):
            return False
        if tick.ids is not None or not self._goes_with_others(tick):
            # A batch does not tell which of its ticks are duplicates, nor who brings a new symbol.
            return False
        ticks.extend(tick)
        return True

    def _goes_with_others(self, ticks: Ticks) -> bool:
        """Whether the last of these can."""
        symbol = ticks.symbols[-1]
        if self._backlog.has_crowded and not self._has_room(symbol):
            return False
        return self._knows is None or self._knows(symbol)

    async def process(self) -> Sequence[Outcome]:
        ticks, self._ticks = self._ticks, Ticks([], [], [])
        count = len(ticks)
        try:
            result = await self._mediator.send(ProcessPriceBatch(ticks, errors_max=_ERRORS_OF_A_TICK * count))
        except ValidationFailed as failure:
            return _outcomes(count, failure.errors)
        return _outcomes(count, result.errors)


def _outcomes(count: int, errors: Sequence[FieldError]) -> list[Outcome]:
    """errors: ordered by their tick."""
    outcomes: list[Outcome] = [ONE_ACCEPTED] * count
    for at, of_tick in groupby(errors, lambda error: error.index or 0):
        outcomes[at] = _alone(list(of_tick))
    return outcomes


def _alone(errors: list[FieldError]) -> Exception:
    """The error that the tick would have met on its own."""
    if any(error.code == "queue_full" for error in errors):
        return QueueFull()
    return ValidationFailed([replace(error, index=None) for error in errors], ticks=1)
