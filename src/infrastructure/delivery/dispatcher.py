"""Tries to deliver to one channel, until each delivery has arrived or failed for good."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from application.ports.clock import Clock
from infrastructure.delivery.breaker import BreakerState, CircuitBreaker
from infrastructure.delivery.channel import Channel, Delivery, DeliveryFailed
from infrastructure.delivery.deliveries import Deliveries
from infrastructure.settings import NotificationSettings
from infrastructure.storage.store import StoreFailed

_LOOK_SECONDS = 0.5
_AT_ONCE = 20
# Share by which a pause is longer or shorter, so that many deliveries do not come back at once.
_JITTER = 0.2

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to wait after a failure: twice as long each time, up to a limit."""

    first_seconds: float
    longest_seconds: float
    attempts_max: int

    def pause_us(self, attempts: int, chance: Callable[[], float]) -> int:
        """attempts: made so far, at least 1. chance: a number in [0, 1)."""
        pause = min(self.first_seconds * 2.0 ** (attempts - 1), self.longest_seconds)
        return int(pause * (1 + _JITTER * (2 * chance() - 1)) * 1_000_000)


class Dispatcher:
    """name: of the channel. outcomes: attempts that were `delivered`, `failed`, or `dead`, the last of too many.

    A delivery is removed only after it has arrived, so that each arrives at least once, whenever the service dies.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        deliveries: Deliveries,
        settings: NotificationSettings,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.outcomes: Counter[str] = Counter()
        self.waiting = 0
        self.breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_seconds, clock)
        self._channel = channel
        self._deliveries = deliveries
        self._settings = settings
        self._retries = Retries(settings.first_retry_seconds, settings.max_retry_seconds, settings.max_attempts)
        self._clock = clock
        self._chance = chance

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            try:
                await self.look()
            except StoreFailed as error:
                _log.warning("deliveries cannot be read", channel=self.name, reason=str(error))

    async def look(self) -> None:
        """Try what is due, as long as the receiver is not to be left alone."""
        now_us = self._clock.now_us()
        settings = self._settings
        self.outcomes["dead"] += await self._deliveries.overflow(self.name, settings.max_waiting, now_us)
        await self._deliveries.prune(settings.max_dead_letters)
        self.waiting = (await self._deliveries.waiting()).get(self.name, 0)
        if self._is_left_alone():
            return
        for delivery in await self._deliveries.due(self.name, now_us, _AT_ONCE):
            await self._try(delivery)
            if self._is_left_alone():
                return

    def _is_left_alone(self) -> bool:
        return self.breaker.state is BreakerState.OPEN

    async def _try(self, delivery: Delivery) -> None:
        try:
            await self._in_time(delivery)
        except DeliveryFailed as failure:
            self.breaker.failed()
            await self._deliveries.postpone(self._failed(delivery, str(failure)))
            return
        self.breaker.succeeded()
        self.outcomes["delivered"] += 1
        await self._deliveries.done(delivery)

    async def _in_time(self, delivery: Delivery) -> None:
        """Send it. Raises DeliveryFailed, also if it takes longer than the settings allow."""
        sending = asyncio.ensure_future(self._channel.send(delivery))
        deadline = asyncio.ensure_future(self._clock.sleep(self._settings.timeout_seconds))
        try:
            await asyncio.wait((sending, deadline), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise DeliveryFailed("no answer in time")
            sending.result()
        finally:
            sending.cancel()
            deadline.cancel()

    def _failed(self, delivery: Delivery, reason: str) -> Delivery:
        attempts, now_us = delivery.attempts + 1, self._clock.now_us()
        if attempts >= self._retries.attempts_max:
            self.outcomes["dead"] += 1
            _log.error("an alert is not delivered", channel=self.name, delivery=delivery.id, reason=reason)
            return replace(delivery, attempts=attempts, dead_us=now_us, error=reason)
        self.outcomes["failed"] += 1
        pause_us = self._retries.pause_us(attempts, self._chance)
        return replace(delivery, attempts=attempts, next_us=now_us + pause_us, error=reason)
