"""What open interest and volume say: totals, put-call ratios, where they are, support and resistance, build-up."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from domain.numbers import Number, written
from domain.options.chain import Chain
from domain.options.exact import ratio, total
from domain.options.option_quote import OptionQuote
from domain.options.positions import Position

# Strikes within this share of the spot are at the money.
_AT_THE_MONEY = Decimal("0.01")


class BuildUp(Enum):
    """What a change of price and of open interest says, as traders read it.

    Source: J. J. Murphy, Technical Analysis of the Financial Markets (1999), chapter 7.
    """

    LONG_BUILD_UP = "long_build_up"
    SHORT_BUILD_UP = "short_build_up"
    SHORT_COVERING = "short_covering"
    LONG_UNWINDING = "long_unwinding"


@dataclass(frozen=True)
class Split:
    """Open interest in, at and out of the money."""

    itm: Number
    atm: Number
    otm: Number


@dataclass(frozen=True)
class Totals:
    """Over all contracts of a chain. pcr_oi, pcr_volume: puts over calls, None if there are no calls."""

    call_open_interest: Number
    put_open_interest: Number
    call_volume: Number
    put_volume: Number
    pcr_oi: float | None
    pcr_volume: float | None


def totals(chain: Chain) -> Totals:
    calls = [row.call for row in chain.rows if row.call is not None]
    puts = [row.put for row in chain.rows if row.put is not None]
    call_interest, put_interest = (total(each.open_interest for each in side) for side in (calls, puts))
    call_volume, put_volume = (total(each.volume for each in side) for side in (calls, puts))
    return Totals(
        call_interest,
        put_interest,
        call_volume,
        put_volume,
        ratio(put_interest, call_interest),
        ratio(put_volume, call_volume),
    )


def split(quotes: list[OptionQuote], spot: Number) -> Split:
    """The open interest of calls or of puts by how their strikes lie to the spot."""
    parts: dict[str, list[Number | None]] = {"itm": [], "atm": [], "otm": []}
    center = written(spot)
    band = center * _AT_THE_MONEY
    for quote in quotes:
        away = written(quote.strike) - center
        outside = "itm" if (away < 0) == quote.is_call else "otm"
        where = "atm" if abs(away) <= band else outside
        parts[where].append(quote.open_interest)
    return Split(total(parts["itm"]), total(parts["atm"]), total(parts["otm"]))


def resistance(chain: Chain, spot: Number, count: int) -> list[OptionQuote]:
    """The calls above the spot with the most open interest; of equal ones the nearer strike first."""
    calls = [row.call for row in chain.rows if row.call is not None and row.strike > spot and row.call.open_interest]
    return sorted(calls, key=lambda call: (-(call.open_interest or 0), call.strike))[:count]


def support(chain: Chain, spot: Number, count: int) -> list[OptionQuote]:
    """The puts below the spot with the most open interest; of equal ones the nearer strike first."""
    puts = [row.put for row in chain.rows if row.put is not None and row.strike < spot and row.put.open_interest]
    return sorted(puts, key=lambda put: (-(put.open_interest or 0), -put.strike))[:count]


def at_the_close(quote: OptionQuote) -> Position:
    """Price and open interest at the previous close, as the feeder said."""
    return Position(quote.previous_close, quote.previous_open_interest)


def build_up(now: Position, before: Position) -> BuildUp | None:
    """Compare price and open interest with those of before; None if one is unknown or has not changed."""
    if now.price is None or now.open_interest is None or before.price is None or before.open_interest is None:
        return None
    if now.price == before.price or now.open_interest == before.open_interest:
        return None
    rose = now.price > before.price
    if now.open_interest > before.open_interest:
        return BuildUp.LONG_BUILD_UP if rose else BuildUp.SHORT_BUILD_UP
    return BuildUp.SHORT_COVERING if rose else BuildUp.LONG_UNWINDING
