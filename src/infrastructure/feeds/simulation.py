"""Simulated feeds: random walks, and whatever else flows, sent like the observations of any other feeder."""

import random
from collections.abc import Sequence
from typing import Protocol

import structlog

from application.errors import MarketDataError
from application.mediator import Mediator, Message
from application.ports.clock import Clock
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.processing.batches import BatchResult
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from infrastructure.processing.admission import Admission, Share
from infrastructure.telemetry.timing import timed

# Interval between sends: short enough to look continuous, long enough to be cheap.
_BEAT_SECONDS = 0.02
# After a pause longer than this (a suspended laptop) the feed does not catch up.
_CATCH_UP_SECONDS = 1.0
_BATCH_MAX = 1000
# Size of a tick as sent by a feeder, for admission control, whose shares are in bytes.
_TICK_BYTES = 64
# Between bursts, the standard deviation of one symbol over one second is about a third of this many largest steps,
# whatever its tick rate: prices fluctuate, but hardly ever move by the 2 % of a spike.
_CALM = 0.6
# Average time between bursts, over all symbols. A burst is a few steps of nearly the largest size in one direction,
# which make a spike.
_BURST_EVERY_SECONDS = 6.0
_BURST_STEPS = (3, 5)
_BURST_STEP = (0.75, 1.0)
# The walk turns back at this multiple of its first price and at its inverse; unbounded, it would leave the range of
# doubles within days.
_RANGE = 4.0
# What well-known symbols usually cost, and how they move: as a share of the largest step.
_USUAL = {
    "AAPL": (230.0, 0.5),
    "GOOG": (180.0, 0.6),
    "MSFT": (430.0, 0.5),
    "EURUSD": (1.08, 0.15),
    "GBPUSD": (1.27, 0.15),
    "BTCUSD": (64_000.0, 1.0),
    "ETHUSD": (3_100.0, 1.0),
    "GOLD": (2_400.0, 0.3),
}

_log = structlog.stdlib.get_logger(__name__)


class Flow(Protocol):
    """What a simulated feed sends."""

    async def batch(self, count: int, now_us: int) -> Message[BatchResult]:
        """Return the command for the next `count` observations."""
        ...


class RandomWalk:
    """A `Flow` of ticks of all symbols in turn: small steps, and now and then a few large ones in a row.

    initial_price: of a symbol whose usual price is not known. max_jitter: the largest step, as a fraction of the price.
    ticks_per_second: of all symbols together.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        initial_price: float,
        max_jitter: float,
        ticks_per_second: int,
        source: random.Random,
    ) -> None:
        self._symbols = symbols
        usual = [_USUAL.get(symbol, (initial_price, 1.0)) for symbol in symbols]
        self._prices = [price for price, _ in usual]
        self._lowest = [price / _RANGE for price in self._prices]
        self._highest = [price * _RANGE for price in self._prices]
        self._max_jitter = max_jitter
        calm = max_jitter * min(1.0, _CALM / (ticks_per_second / len(symbols)) ** 0.5)
        self._calm = [calm * share for _, share in usual]
        self._burst_chance = 1.0 / (_BURST_EVERY_SECONDS * ticks_per_second)
        # Large steps left for each symbol; negative means downwards.
        self._bursts = [0] * len(symbols)
        self._source = source
        self._turn = 0

    async def batch(self, count: int, now_us: int) -> Message[BatchResult]:
        return ProcessPriceBatch(Ticks.of(self.next(now_us) for _ in range(count)))

    def next(self, timestamp_us: int) -> PriceUpdate:
        turn = self._turn
        self._turn = (turn + 1) % len(self._symbols)
        price = self._prices[turn]
        step = self._step(turn)
        if price < self._lowest[turn] or price > self._highest[turn]:
            step = abs(step) if price < self._lowest[turn] else -abs(step)
        # Seven significant digits, as an exchange would quote.
        price = self._prices[turn] = float(f"{price * (1 + step):.7g}")
        return PriceUpdate(self._symbols[turn], price, timestamp_us)

    def _step(self, turn: int) -> float:
        source = self._source
        if self._bursts[turn] == 0:
            if source.random() >= self._burst_chance:
                return source.uniform(-self._calm[turn], self._calm[turn])
            self._bursts[turn] = source.randint(*_BURST_STEPS) * source.choice((-1, 1))
        direction = 1 if self._bursts[turn] > 0 else -1
        self._bursts[turn] -= direction
        return direction * self._max_jitter * source.uniform(*_BURST_STEP)


class SimulatedFeed:
    """Sends `per_second` observations through the mediator.

    They are counted from the start, so that late wake-ups do not accumulate.

    batch_max: the most sent at once.
    """

    def __init__(
        self,
        flow: Flow,
        per_second: int,
        batch_max: int,
        mediator: Mediator,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._flow = flow
        self._per_second = per_second
        self._batch_max = min(batch_max, _BATCH_MAX)
        self._mediator = mediator
        self._admission = admission
        self._share = Share()
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled."""
        start = self._clock.monotonic()
        sent = 0
        while True:
            due = int((self._clock.monotonic() - start) * self._per_second) - sent
            if due > _CATCH_UP_SECONDS * self._per_second:
                sent += due
                due = 0
            while due > 0:
                count = min(due, self._batch_max)
                await self._send(count)
                # Yield to other tasks: a feed that is behind must not starve the workers.
                await self._clock.sleep(0)
                sent += count
                due -= count
            await self._clock.sleep(_BEAT_SECONDS)

    async def _send(self, count: int) -> None:
        try:
            # Under overload the feed is held like any other sender.
            await self._admission.enter(self._share, count * _TICK_BYTES, patient=True)
            await timed(self._process(count), self._clock.monotonic, self._admission.spend)
        except MarketDataError as error:
            # The feed ignores overload and shutdown, and does not retry: what is refused is lost.
            _log.debug("simulated observations refused", reason=str(error))

    async def _process(self, count: int) -> None:
        await self._mediator.send(await self._flow.batch(count, self._clock.now_us()))
