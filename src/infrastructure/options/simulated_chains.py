"""Simulated option chains, which follow the price of their underlying and are sent like those of any other feeder."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import log, sqrt

import structlog

from application.errors import MarketDataError
from application.mediator import Mediator
from application.options.commands.process_option_quotes import ProcessOptionQuotes
from application.options.ports.option_repository import SpotPrices
from application.ports.clock import Clock
from domain.options.greeks import bsm_price
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from infrastructure.processing.admission import Admission, Share
from infrastructure.telemetry.timing import timed

# Strikes on each side of the first spot, a fiftieth of it apart.
_SIDE = 12
_STEP = 0.02
_EXPIRIES = 3
_THURSDAY = 3
# Volatility at the money, and how it rises to the sides.
_LEVEL, _SKEW, _CURVE = 0.28, -0.12, 0.6
_SPREAD = 0.01
_TICK = 0.01
_LOT = 50
# Size of a quote as sent by a feeder, for admission control, whose shares are in bytes.
_QUOTE_BYTES = 200

_log = structlog.stdlib.get_logger(__name__)


class SimulatedChains:
    """Makes chains whose strikes lie around the first spot of each product, and whose open interest wanders."""

    def __init__(self, model: OptionModel, source: random.Random) -> None:
        self._model = model
        self._source = source
        self._strikes: dict[str, list[float]] = {}
        self._interests: dict[tuple[str, float, bool], float] = {}
        self._volumes: dict[tuple[str, float, bool], float] = {}
        self._closes: dict[tuple[str, float, bool], tuple[float, float]] = {}

    def expiries(self, now_us: int) -> list[str]:
        """The next Thursdays."""
        today = datetime.fromtimestamp(now_us / 1_000_000, UTC).date()
        first = today + timedelta(days=(_THURSDAY - today.weekday()) % 7 or 7)
        return [(first + timedelta(weeks=week)).isoformat() for week in range(_EXPIRIES)]

    def next(self, product: str, expiry: str, spot: float, now_us: int) -> list[OptionQuote]:
        """All quotes of a chain at one time."""
        strikes = self._strikes.get(product)
        if strikes is None:
            width = float(f"{spot * _STEP:.1g}")
            center = round(spot / width)
            strikes = [round((center + at) * width, 6) for at in range(-_SIDE, _SIDE + 1) if center + at > 0]
            self._strikes[product] = strikes
        return [
            self._quote(product, expiry, strike, is_call, spot, now_us)
            for is_call in (True, False)
            for strike in strikes
        ]

    def _quote(self, product: str, expiry: str, strike: float, is_call: bool, spot: float, now_us: int) -> OptionQuote:
        years = max(self._model.years(expiry, now_us), 1e-6)
        away = log(strike / spot) / sqrt(years + 0.05)
        volatility = max(_LEVEL + _SKEW * away + _CURVE * away * away, 0.05)
        rate, paid = self._model.rate_of(product), self._model.dividend_yield_of(product)
        fair = bsm_price(spot, strike, years, rate, paid, volatility, is_call)
        half = max(fair * _SPREAD / 2, _TICK / 2)
        bid, ask = _on_tick(fair - half), _on_tick(fair + half) + _TICK
        key = (f"{product} {expiry}", strike, is_call)
        interest, volume = self._activity(key, away)
        close, before = self._closes.setdefault(key, (_on_tick(fair), interest))
        return OptionQuote(
            product,
            expiry,
            strike,
            is_call,
            now_us,
            bid=max(bid, 0.0),
            ask=round(ask, 2),
            bid_size=float(self._source.randint(1, 40) * _LOT),
            ask_size=float(self._source.randint(1, 40) * _LOT),
            last=max(_on_tick(fair), _TICK),
            volume=volume,
            open_interest=interest,
            previous_open_interest=before,
            previous_close=close,
        )

    def _activity(self, key: tuple[str, float, bool], away: float) -> tuple[float, float]:
        """Open interest and volume: most near the money, and changing a little each time."""
        source = self._source
        typical = 200_000 / (1 + 30 * away * away)
        interest = self._interests.get(key, typical * source.uniform(0.5, 1.5) // _LOT * _LOT)
        traded = float(source.randint(0, int(typical // 2000)) * _LOT)
        interest = max(interest + source.choice((-1, 0, 1)) * traded, 0.0)
        self._interests[key] = interest
        volume = self._volumes[key] = self._volumes.get(key, 0.0) + traded
        return interest, volume


class SimulatedOptionFeed:
    """Sends `chains_per_second` in turn, of products whose price is known."""

    def __init__(
        self,
        chains: SimulatedChains,
        products: Sequence[str],
        chains_per_second: float,
        prices: SpotPrices,
        mediator: Mediator,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._chains = chains
        self._products = products
        self._pause_seconds = 1 / chains_per_second
        self._prices = prices
        self._mediator = mediator
        self._admission = admission
        self._share = Share()
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled."""
        turn = 0
        while True:
            await self._clock.sleep(self._pause_seconds)
            now_us = self._clock.now_us()
            expiries = self._chains.expiries(now_us)
            product = self._products[turn % len(self._products)]
            expiry = expiries[turn // len(self._products) % len(expiries)]
            turn += 1
            spot = self._prices.spot(product)
            if spot is not None:
                await self._send(self._chains.next(product, expiry, float(spot.price), now_us))

    async def _send(self, quotes: list[OptionQuote]) -> None:
        try:
            # Under overload the feed is held like any other sender.
            await self._admission.enter(self._share, len(quotes) * _QUOTE_BYTES, patient=True)
            await timed(self._process(quotes), self._clock.monotonic, self._admission.spend)
        except MarketDataError as error:
            # The feed ignores overload and shutdown, and does not retry: refused quotes are lost.
            _log.debug("simulated quotes refused", reason=str(error))

    async def _process(self, quotes: list[OptionQuote]) -> None:
        await self._mediator.send(ProcessOptionQuotes(OptionQuotes(quotes)))


def _on_tick(price: float) -> float:
    return round(price // _TICK * _TICK, 2)
