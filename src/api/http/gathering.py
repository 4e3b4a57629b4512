"""Gathers requests that arrive in one turn of the event loop, and processes them as one.

The pipeline, the queue and the workers then cost a request next to nothing. It is the group commit of durable posts,
one step earlier; docs/decisions/0027-gathering-singles.md has the figures.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, Protocol, TypeVar

from api.http.answer import Answer
from api.http.inline import Suspended, run_inline
from api.http.request_options import RequestOptions
from application.errors import Draining
from infrastructure.telemetry.meters import RequestMeter
from infrastructure.telemetry.timing import timed

# More requests of a turn are answered by themselves.
_REQUESTS_MAX = 1024

Outcome = Answer | Exception
# Takes the outcome of a request.
Done = Callable[[Outcome], None]
Content_contra = TypeVar("Content_contra", contravariant=True)


class Gatherer(Protocol[Content_contra]):
    """Reads the requests of one route, and processes what it has read.

    What is read of a request is its body, or the variable part of its path.

    requests_max: how many can be processed as one. status: of the answer to a request that succeeds, whose body is
    not worth compressing.
    """

    requests_max: int
    status: int

    def takes(self, options: RequestOptions, /) -> bool:
        """Whether requests with such options can be gathered."""
        ...

    def add(self, content: Content_contra, /) -> bool:
        """Read another request. False, with nothing read, if it must be answered by itself."""
        ...

    def process(self) -> Coroutine[Any, Any, Sequence[Outcome]]:
        """Process what has been read since the last call. Return the outcome of each request.

        Raises:
            Exception: it is the outcome of all of them.
        """
        ...


class Gathering(Generic[Content_contra]):
    """The requests of one route. spend: is called with the time spent on them.

    Invariant: if requests have been added since the last processing, a processing is due in the next turn.
    """

    def __init__(
        self,
        route: str,
        method: str,
        gatherer: Gatherer[Content_contra],
        meter: RequestMeter,
        spend: Callable[[float], None],
    ) -> None:
        self.takes = gatherer.takes
        self._route = route
        self._method = method
        self._gatherer = gatherer
        self._meter = meter
        self._spend = spend
        self._requests_max = min(gatherer.requests_max, _REQUESTS_MAX)
        self._waiting: list[Done] = []
        # When the first of them came, how long it had been held, and how long it took to read.
        self._since = 0.0
        self._held_seconds = 0.0
        self._reading_seconds = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, content: Content_contra, done: Done, held_seconds: float = 0.0) -> bool:
        """Take a request, and call `done` after this turn. False if it must be answered by itself.

        held_seconds: how long it has waited before.
        """
        waiting = self._waiting
        if not waiting:
            return self._add_first(content, done, held_seconds)
        if len(waiting) >= self._requests_max or not self._gatherer.add(content):
            return False
        waiting.append(done)
        return True

    def _add_first(self, content: Content_contra, done: Done, held_seconds: float) -> bool:
        start = time.monotonic()
        if not self._gatherer.add(content):
            return False
        self._waiting.append(done)
        asyncio.get_running_loop().call_soon(self._process)
        self._since = start
        self._held_seconds = held_seconds
        # Stands for the others: a look at the clock for each would cost more than some of its work.
        self._reading_seconds = time.monotonic() - start
        return True

    def _process(self) -> None:
        waiting, self._waiting = self._waiting, []
        start = time.monotonic()
        since = self._since - self._held_seconds
        # The first may have been long, or interrupted.
        reading_seconds = min(len(waiting) * self._reading_seconds, start - self._since)
        work = self._gatherer.process()
        try:
            outcomes = run_inline(work)
        except Suspended as suspended:
            # There is no room in a queue.
            rest = timed(suspended.rest, time.monotonic, self._spend)
            task = asyncio.get_running_loop().create_task(self._finish_later(waiting, since, rest))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        except Exception as error:
            _fail(waiting, error)
        else:
            self._finish(waiting, since, outcomes)
        self._spend(time.monotonic() - start + reading_seconds)

    async def _finish_later(
        self, waiting: list[Done], since: float, rest: Coroutine[Any, Any, Sequence[Outcome]]
    ) -> None:
        try:
            outcomes = await rest
        except (Exception, asyncio.CancelledError) as error:
            _fail(waiting, error)
        else:
            self._finish(waiting, since, outcomes)

    def _finish(self, waiting: list[Done], since: float, outcomes: Sequence[Outcome]) -> None:
        succeeded = len(waiting)
        for done, outcome in zip(waiting, outcomes, strict=True):
            done(outcome)
            if not isinstance(outcome, Answer):
                succeeded -= 1
        if succeeded:
            # As long as the first of them took. Failures are measured by who answers them.
            status = self._gatherer.status
            self._meter.observe(self._route, self._method, status, time.monotonic() - since, succeeded)


def _fail(waiting: list[Done], error: BaseException) -> None:
    # Requests still in progress at the shutdown deadline are cancelled.
    failure = error if isinstance(error, Exception) else Draining()
    for done in waiting:
        done(failure)
