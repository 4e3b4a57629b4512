"""Option chains: implied volatilities by several methods, and all figures of a chain, against the same by hand.

By the time of the processor, because each side is a computation in this process.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import QuantLib as ql  # noqa: N813  # as its own documentation names it
from py_lets_be_rational import lets_be_rational

from api.ingest.option_decoding import decode_chain
from api.views.options import LiveChainView
from api.views.view import encode
from application.options.chain_analysis import ChainAnalysis
from benchmarks.ingest import WrongResult
from benchmarks.rows import rows_of
from domain.options.chain import Chain
from domain.options.chain_state import ChainState
from domain.options.greeks import bsm_greeks, bsm_price
from domain.options.implied_volatility import implied_volatility
from domain.options.option_book import OptionBook
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.options.spot import Spot, SpotSource

_STRIKES = 2000
_SPOT, _YEARS, _RATE = 21_600.0, 0.12, 0.065
MOMENT_MS = 1_769_574_600_000
_MOMENT_US = MOMENT_MS * 1000
_EXPIRY = "2026-03-12"
_OURS = "this service"
_MODEL = OptionModel(rate=_RATE)

# price, forward, strike, years, is call
_Option = tuple[float, float, float, float, bool]


def implied(rounds: int) -> list[dict[str, Any]]:
    """Implied volatilities of a chain of 4,000 contracts out of and in the money, a second."""
    options = _options()
    methods: dict[str, Callable[[_Option], float]] = {
        _OURS: lambda each: implied_volatility(*each),
        "QuantLib": _by_quantlib,
        "py_lets_be_rational": _by_lets_be_rational,
    }
    rates: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(rounds):
        for name, method in methods.items():
            start = time.process_time()
            found = [method(each) for each in options]
            rates[name].append(len(options) / (time.process_time() - start))
            for volatility, (price, forward, strike, years, is_call) in zip(found, options, strict=True):
                again = ql.blackFormula(_kind(is_call), strike, forward, volatility * math.sqrt(years))
                if abs(again - price) > 1e-6:
                    raise WrongResult(f"{name} finds {volatility} for a strike of {strike}")
    return rows_of(rates, _OURS, "IVs/s")


def chains(rounds: int) -> list[dict[str, Any]]:
    """All figures of a chain of 4,000 contracts, a second: by this service, and by a loop over a table of pandas."""
    chain = _chain()
    table: Any = pd.DataFrame([quote._asdict() for quote in chain.quotes])
    rates: dict[str, list[float]] = {_OURS: [], "pandas and a loop": []}
    for _ in range(rounds):
        start = time.process_time()
        analysis = ChainAnalysis(chain, Spot(_SPOT, SpotSource.CHAIN, _MOMENT_US), _MODEL)
        ours = [analysis.value(quote).iv for quote in chain.quotes]
        summary, curve = analysis.summary, analysis.pain
        rates[_OURS].append(1 / (time.process_time() - start))
        start = time.process_time()
        theirs, pcr, pain = _by_hand(table)
        rates["pandas and a loop"].append(1 / (time.process_time() - start))
        differ = [one for one, other in zip(ours, theirs, strict=True) if one is None or abs(one - other) > 1e-6]
        if differ or summary.pcr_oi != pcr or summary.max_pain_strike != pain or len(curve) != _STRIKES:
            raise WrongResult("the two do not agree")
    return rows_of(rates, _OURS, "chains/s")


def chain_steps(rounds: int) -> list[dict[str, Any]]:
    """What happens to a chain of 4,000 contracts on its way, a second each."""
    chain = _chain()
    body = chain_body()
    quotes = list(chain.quotes)
    spot = Spot(_SPOT, SpotSource.CHAIN, _MOMENT_US)
    book = OptionBook(_MODEL, 10_000)

    def analysed() -> ChainAnalysis:
        found = ChainAnalysis(chain, spot, _MODEL)
        for quote in quotes:
            found.value(quote)
        return found

    known = analysed()
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: decode_chain(body, _MOMENT_US, 10_000),
        "apply": lambda: book.apply(OptionQuotes(quotes)),
        "value": analysed,
        "view and encode": lambda: encode(LiveChainView.of(known)),
    }
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            rates[name].append(1 / (time.process_time() - start))
    return rows_of(rates, "", "chains/s")


def chain_body() -> bytes:
    """The chain as it is posted: 4,000 contracts of NIFTY."""
    sides: dict[str, list[dict[str, Any]]] = {"calls": [], "puts": []}
    for quote in _chain().quotes:
        sides["calls" if quote.is_call else "puts"].append(
            {
                "strike": quote.strike,
                "bid": round(float(quote.bid or 0), 2),
                "ask": round(float(quote.ask or 0), 2),
                "openInterest": quote.open_interest,
                "volume": quote.volume,
            }
        )
    return encode({"product": "NIFTY", "expiry": _EXPIRY, "spotPrice": _SPOT, **sides})


def _by_quantlib(option: _Option) -> float:
    price, forward, strike, years, is_call = option
    deviation = ql.blackFormulaImpliedStdDev(_kind(is_call), strike, forward, price, 1.0, 0.0, 0.2, 1e-12, 1000)
    return float(deviation) / math.sqrt(years)


def _by_lets_be_rational(option: _Option) -> float:
    price, forward, strike, years, is_call = option
    return float(
        lets_be_rational.implied_volatility_from_a_transformed_rational_guess(
            price, forward, strike, years, 1 if is_call else -1
        )
    )


def _by_hand(table: Any) -> tuple[list[float], float, float]:
    """Volatilities and Greeks, put-call ratio and max pain, as a script would do it."""
    forward, grown = _SPOT * math.exp(_RATE * _chain_years()), math.exp(_RATE * _chain_years())
    volatilities = []
    for row in table.itertuples():
        price = (row.bid + row.ask) / 2 * grown
        volatility = _by_lets_be_rational((price, forward, row.strike, _chain_years(), row.is_call))
        bsm_greeks(_SPOT, row.strike, _chain_years(), _RATE, 0.0, volatility, row.is_call)
        volatilities.append(volatility)
    calls, puts = table[table.is_call], table[~table.is_call]
    pcr = puts.open_interest.sum() / calls.open_interest.sum()
    pains = [
        (
            (calls.open_interest * (strike - calls.strike).clip(lower=0)).sum()
            + (puts.open_interest * (puts.strike - strike).clip(lower=0)).sum(),
            strike,
        )
        for strike in calls.strike
    ]
    return volatilities, float(pcr), float(min(pains)[1])


def _kind(is_call: bool) -> Any:
    return ql.Option.Call if is_call else ql.Option.Put


def _smile(strike: float) -> float:
    return 0.16 + 0.3 * math.log(strike / _SPOT) ** 2


def _strikes() -> list[float]:
    return [round(_SPOT * (0.7 + 0.6 * at / (_STRIKES - 1)), 1) for at in range(_STRIKES)]


def _options() -> list[_Option]:
    forward = _SPOT * math.exp(_RATE * _YEARS)
    return [
        (
            ql.blackFormula(_kind(is_call), strike, forward, _smile(strike) * math.sqrt(_YEARS)),
            forward,
            strike,
            _YEARS,
            is_call,
        )
        for strike in _strikes()
        for is_call in (True, False)
    ]


def _chain_years() -> float:
    return _MODEL.years(_EXPIRY, _MOMENT_US)


def _chain() -> Chain:
    state = ChainState("NIFTY", _EXPIRY)
    for at, strike in enumerate(_strikes()):
        for is_call in (True, False):
            price = bsm_price(_SPOT, strike, _chain_years(), _RATE, 0.0, _smile(strike), is_call)
            interest = float(50 * (1 + (at * 7919 + is_call) % 4000))
            state.put(
                OptionQuote(
                    "NIFTY",
                    _EXPIRY,
                    strike,
                    is_call,
                    _MOMENT_US,
                    bid=price * 0.999,
                    ask=price * 1.001,
                    open_interest=interest,
                    volume=interest,
                )
            )
    return state.snapshot()
