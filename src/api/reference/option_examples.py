"""Examples of options, consistent across all routes: the answers are made from the quotes that are sent."""

from io import StringIO
from typing import Any

import msgspec

from api.reference.price_examples import TICK_SCHEMA
from api.timestamps import from_rfc3339
from api.views.csv_text import CsvWriter
from api.views.option_figures import MaxPainView, OpenInterestView, PcrView, StraddleView, VolatilitySurfaceView
from api.views.options import (
    ChainSummaryView,
    ChainView,
    ContractView,
    ExpiriesView,
    ExpiryView,
    FoundContractView,
    GreeksPageView,
    GreeksView,
    LiveChainView,
    ProductsView,
    ProductView,
    QuoteView,
    SummaryPageView,
    SummaryPointView,
    age,
    chain_head,
)
from api.views.view import encode
from application.options.chain_analysis import ChainAnalysis
from application.options.commands.quote_rules import PRODUCT_LENGTH_MAX, STRIKE_MAX
from application.options.queries.get_chain_since import ChainSince
from application.options.queries.get_option_contract import ContractFound
from application.options.queries.get_volatility_surface import VolatilitySurface
from domain.options.chain import ProductChains
from domain.options.chain_state import ChainState
from domain.options.option_book import SummaryPoint
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.spot import spot_of
from domain.options.summary_interval import SummaryInterval
from domain.options.surface import smile_of

_EXPIRY, _MOMENT = "2026-01-29", "2026-01-28T06:30:00.000Z"
_SIDE = {"openInterest": 1_250_000, "previousOpenInterest": 1_100_000, "previousClose": 150}
_CALLS: list[dict[str, Any]] = [
    {"strike": 21500, "bid": 182.5, "ask": 184, "last": 183.1, "volume": 52_300, **_SIDE},
    {"strike": 21600, "bid": 128, "ask": 129.5, "last": 128.4, "volume": 61_200, **_SIDE, "openInterest": 2_000_000},
]
_PUTS: list[dict[str, Any]] = [
    {"strike": 21500, "bid": 81, "ask": 82.5, "last": 82, "volume": 48_100, **_SIDE, "openInterest": 1_750_000},
    {"strike": 21600, "bid": 0, "ask": 128, "last": 126.6, "volume": 20_500, **_SIDE, "openInterest": 900_000},
]
QUOTE = {"product": "NIFTY", "expiry": _EXPIRY, "optionType": "CALL", **_CALLS[0], "timestamp": _MOMENT}
CHAIN = {
    "product": "NIFTY",
    "expiry": _EXPIRY,
    "spotPrice": 21598.4,
    "calls": _CALLS,
    "puts": _PUTS,
    "timestamp": _MOMENT,
}
QUOTE_LINES = msgspec.json.encode(QUOTE).decode() + "\n"
BATCH_ANSWER = {
    "accepted": 1,
    "rejected": 1,
    "errors": [{"field": "strike", "code": "not_positive", "message": "must be greater than 0", "index": 1}],
}

_MODEL = OptionModel(rate=0.065)
_NOW_US = from_rfc3339(_MOMENT) + 250_000


def _chain() -> ChainState:
    state = ChainState("NIFTY", _EXPIRY)
    for is_call, side in ((True, _CALLS), (False, _PUTS)):
        for each in side:
            state.put(
                OptionQuote(
                    "NIFTY",
                    _EXPIRY,
                    float(each["strike"]),
                    is_call,
                    from_rfc3339(_MOMENT),
                    bid=float(each["bid"]),
                    ask=float(each["ask"]),
                    last=float(each["last"]),
                    volume=float(each["volume"]),
                    open_interest=float(each["openInterest"]),
                    previous_open_interest=float(each["previousOpenInterest"]),
                    previous_close=float(each["previousClose"]),
                    spot=21598.4,
                )
            )
    return state


def _json(view: object) -> Any:
    return msgspec.json.decode(encode(view))


_CHAIN_NOW = _chain().snapshot()
_SPOT = spot_of(_CHAIN_NOW, _MODEL, lambda: None)
_ANALYSIS = ChainAnalysis(_CHAIN_NOW, _SPOT, _MODEL)
_PRODUCT = ProductChains("NIFTY", _CHAIN_NOW.updates, _CHAIN_NOW.as_of_us, {_EXPIRY: _CHAIN_NOW})
_FIRST = next(_CHAIN_NOW.quotes)
_SINCE = ChainSince(_ANALYSIS, None, None)
_POINT = SummaryPoint(SummaryInterval.M1, _CHAIN_NOW.as_of_us // 60_000_000 * 60_000_000, _ANALYSIS.summary)
_SMILE = smile_of(_CHAIN_NOW, _ANALYSIS.value, lambda _: True)
_FOUND_SURFACE = VolatilitySurface("NIFTY", _CHAIN_NOW.as_of_us, 4, () if _SMILE is None else (_SMILE,), (), (_SPOT,))

PRODUCTS = _json(ProductsView([ProductView.of(_PRODUCT, _NOW_US)]))
EXPIRIES = _json(
    ExpiriesView(
        "NIFTY",
        *age(_CHAIN_NOW.as_of_us, _NOW_US),
        [ExpiryView(_EXPIRY, 4, *age(_CHAIN_NOW.as_of_us, _NOW_US), expired=False)],
    )
)
CHAIN_ANSWER = _json(ChainView.of(_SINCE, _NOW_US))
FOUND_CONTRACT = _json(FoundContractView.of(ContractFound(_FIRST, _ANALYSIS), _NOW_US))
PCR = _json(PcrView.of(_ANALYSIS, _NOW_US, None))
MAX_PAIN = _json(MaxPainView.of(_ANALYSIS, _NOW_US, None))
OPEN_INTEREST = _json(OpenInterestView.of(_SINCE, _NOW_US, 3))
STRADDLE = _json(StraddleView.of(_ANALYSIS, _NOW_US, None))
GREEKS = _json(
    GreeksPageView(
        *chain_head(_ANALYSIS, _NOW_US), [GreeksView.of(each, _ANALYSIS.value(each)) for each in _CHAIN_NOW.quotes]
    )
)
SURFACE = _json(VolatilitySurfaceView.of(_FOUND_SURFACE, _NOW_US))
SUMMARIES = _json(SummaryPageView([SummaryPointView.of(_POINT)], None))
QUOTE_STATE = _json(QuoteView.of(_FIRST))
LIVE_CHAIN = _json(LiveChainView.of(_ANALYSIS))
LIVE_CHAIN["calls"], LIVE_CHAIN["puts"] = [_json(ContractView.of_valued(_FIRST, _ANALYSIS.value(_FIRST)))], []
LIVE_SUMMARY = _json(ChainSummaryView.of(_ANALYSIS))


def _csv() -> str:
    text = StringIO(newline="")
    CsvWriter(text, SummaryPointView).write(SummaryPointView.of(_POINT))
    return text.getvalue()


SUMMARY_LINES = {
    "application/x-ndjson": encode(SummaryPointView.of(_POINT)).decode() + "\n",
    "text/csv": _csv(),
}

_TICK = TICK_SCHEMA["properties"]
_PRICE = _TICK["price"]
_AMOUNT = _TICK["volume"]
_DAY = {"type": "string", "description": "The day of the expiry.", "format": "date"}
# Smaller strikes are valid as far as the name of the contract has at most 64 characters.
_PRODUCT_NAME = _TICK["symbol"] | {
    "description": "The underlying. " + _TICK["symbol"]["description"],
    "maxLength": PRODUCT_LENGTH_MAX,
}
_STRIKE = {
    "description": f"Greater than 0, at most {STRIKE_MAX:g}.",
    "anyOf": [
        {"type": "number", "minimum": 1, "maximum": STRIKE_MAX},
        {"type": "string", "pattern": r"^[1-9][0-9]{0,8}(\.[0-9]{1,8})?$"},
    ],
}
_NAME = _TICK["symbol"] | {"description": "The feeder's name of the contract.", "type": ["string", "null"]}
_KIND = {"enum": ["CALL", "PUT"]}
_AMOUNTS = (
    "bid",
    "ask",
    "bidSize",
    "askSize",
    "last",
    "volume",
    "openInterest",
    "previousOpenInterest",
    "previousClose",
    "iv",
)
_PROPERTIES: dict[str, Any] = {
    "symbol": _NAME,
    "product": _PRODUCT_NAME,
    "expiry": _DAY,
    "strike": _STRIKE,
    "optionType": _KIND,
    **dict.fromkeys(_AMOUNTS, _AMOUNT),
    "timestamp": _TICK["timestamp"],
    "id": _TICK["id"],
}
# Bodies have their own parsers, which no struct describes; they take the same names in snake_case too.
QUOTE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "The names may also be written in snake_case: `option_type`.",
    "required": ["product", "expiry", "strike", "optionType"],
    "additionalProperties": False,
    "properties": _PROPERTIES,
}
_OF_CHAIN = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["strike"],
        "additionalProperties": False,
        "properties": {
            name: each for name, each in _PROPERTIES.items() if name not in ("product", "expiry", "optionType")
        },
    },
}
CHAIN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "At least one contract. The names may also be written in snake_case: `spot_price`.",
    "required": ["product", "expiry", "calls"],
    "additionalProperties": False,
    "properties": {
        "product": _PRODUCT_NAME,
        "expiry": _DAY,
        "spotPrice": {"description": "Of the underlying.", "anyOf": [*_PRICE["anyOf"], {"type": "null"}]},
        "calls": _OF_CHAIN | {"minItems": 1},
        "puts": _OF_CHAIN,
        "timestamp": _TICK["timestamp"],
    },
}
