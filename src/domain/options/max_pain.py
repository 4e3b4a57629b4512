"""Max pain: the settlement price at which option holders are paid least.

The pain at a strike K is what writers owe if the underlying settles there: the sum of callOI·max(0, K-k) and
putOI·max(0, k-K) over all strikes k.
"""

from itertools import accumulate

from domain.numbers import Number
from domain.options.chain import Chain
from domain.options.exact import scaled, unscaled
from domain.options.option_quote import OptionQuote


def pain_curve(chain: Chain) -> list[tuple[Number, Number]]:
    """Strikes, ascending, each with its pain, exactly. O(n log n) by prefix sums."""
    rows = chain.rows
    strikes, strike_scale = scaled([row.strike for row in rows])
    interests, interest_scale = scaled([_interest(each) for row in rows for each in (row.call, row.put)])
    calls, puts = interests[0::2], interests[1::2]
    # Of the calls at or below each strike: their number, and its product with their strikes.
    below = list(accumulate(calls))
    below_worth = list(accumulate(each * strike for each, strike in zip(calls, strikes, strict=True)))
    above, above_worth = sum(puts), sum(each * strike for each, strike in zip(puts, strikes, strict=True))
    curve = []
    for at, strike in enumerate(strikes):
        above -= puts[at]
        above_worth -= puts[at] * strike
        pain = below[at] * strike - below_worth[at] + above_worth - above * strike
        curve.append((rows[at].strike, unscaled(pain, strike_scale * interest_scale)))
    return curve


def max_pain_strike(curve: list[tuple[Number, Number]]) -> Number | None:
    """The strike of the least pain, of several the lowest; None without any pain, as without open interest."""
    if not any(pain for _, pain in curve):
        return None
    return min(curve, key=lambda point: (point[1], point[0]))[0]


def _interest(quote: OptionQuote | None) -> Number:
    return 0.0 if quote is None or quote.open_interest is None else quote.open_interest
