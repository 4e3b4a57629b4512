import asyncio
import random
from typing import Any

import pytest

from application.mediator import Mediator
from application.options.commands.process_option_quotes import ProcessOptionQuotes
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot, SpotSource
from domain.options.surface import arbitrage, smile_of
from domain.options.valuation import Valuer
from infrastructure.options.simulated_chains import SimulatedChains, SimulatedOptionFeed
from infrastructure.processing.backlog import Backlog
from support.fakes import FakeClock
from support.option_chains import T0_US, chain_of
from support.processing import admission_of

MODEL = OptionModel(rate=0.05)


def chains(seed: int = 1) -> SimulatedChains:
    return SimulatedChains(MODEL, random.Random(seed))


def test_expiries_are_the_next_thursdays() -> None:
    # A Wednesday, and the Thursday after it.
    assert chains().expiries(T0_US) == ["2026-01-29", "2026-02-05", "2026-02-12"]
    assert chains().expiries(T0_US + 86_400_000_000)[0] == "2026-02-05"


def test_quotes_follow_the_underlying() -> None:
    simulated = chains()
    before, after = (simulated.next("A", "2026-02-12", spot, T0_US) for spot in (100.0, 103.0))
    assert [quote[:4] for quote in before] == [quote[:4] for quote in after]
    for old, new in zip(before, after, strict=True):
        if abs(float(old.strike) - 100) > 6:
            continue
        assert old.last is not None
        assert new.last is not None
        assert new.last >= old.last if new.is_call else new.last <= old.last


def by_strike(quotes: list[OptionQuote]) -> dict[tuple[Any, bool], OptionQuote]:
    return {(quote.strike, quote.is_call): quote for quote in quotes}


def test_quotes_are_sound_and_their_open_interest_wanders() -> None:
    simulated = chains()
    first = simulated.next("A", "2026-02-12", 100.0, T0_US)
    second = by_strike(simulated.next("A", "2026-02-12", 100.0, T0_US + 1))
    assert len(first) == 50
    moved = 0
    for quote in first:
        assert quote.bid is not None
        assert quote.ask is not None
        assert 0 <= quote.bid < quote.ask
        assert quote.previous_open_interest == quote.open_interest
        again = second[quote.strike, quote.is_call]
        assert (again.volume or 0) >= (quote.volume or 0)
        moved += again.open_interest != quote.open_interest
    assert moved > 5


@pytest.mark.parametrize("seed", range(3))
def test_the_surface_has_a_smile(seed: int) -> None:
    simulated = chains(seed)
    chain = chain_of(simulated.next("A", "2026-02-12", 100.0, T0_US))
    smile = smile_of(chain, Valuer.of(chain, Spot(100.0, SpotSource.PRICES, T0_US), MODEL).value, lambda _: True)
    assert smile is not None
    assert len(smile.points) >= 15
    at_the_money = min(smile.points, key=lambda point: abs(point.moneyness - 1)).iv
    assert smile.points[0].iv > at_the_money
    assert not [flag for flag in arbitrage([smile]) if flag.amount > 0.5]


def test_the_same_seed_makes_the_same_chains() -> None:
    assert chains(5).next("A", "2026-02-12", 100.0, T0_US) == chains(5).next("A", "2026-02-12", 100.0, T0_US)


async def test_a_service_that_holds_too_much_already_does_not_end_the_feed() -> None:
    clock, backlog = FakeClock(), Backlog(1)
    sent: list[ProcessOptionQuotes] = []

    class Taking:
        async def handle(self, command: ProcessOptionQuotes) -> None:
            sent.append(command)

    class Prices:
        def spot(self, product: str) -> Spot:
            return Spot(100.0, SpotSource.PRICES, clock.now_us())

    mediator = Mediator([ProcessOptionQuotes], {ProcessOptionQuotes: Taking()})
    admission = admission_of(clock, backlog, held_bytes=10)
    feed = asyncio.create_task(SimulatedOptionFeed(chains(), ["A"], 10, Prices(), mediator, admission, clock).run())
    backlog.crowd()
    await clock.advance(1.0)
    assert admission.refused > 0
    assert (sent, feed.done()) == ([], False)
    backlog.relieve()
    await clock.advance(1.0)
    assert sent
    feed.cancel()
