"""The option messages: their shapes and an example of each."""

from typing import Any

import msgspec

from api.reference.option_examples import LIVE_CHAIN, LIVE_SUMMARY, QUOTE_STATE
from api.views.options import ChainSummaryView, LiveChainView, QuoteView
from api.views.view import View


class Quotes(View, frozen=True):
    """The latest quotes of contracts that changed."""

    quotes: list[QuoteView]


class Chains(View, frozen=True):
    """Chains that changed, with what their prices imply."""

    chains: list[LiveChainView]


class ChainSummaries(View, frozen=True):
    """The figures of chains that changed."""

    chain_summaries: list[ChainSummaryView] = msgspec.field(name="chain-summaries")


SHAPES: dict[str, type[msgspec.Struct]] = {"quotes": Quotes, "chains": Chains, "chain-summaries": ChainSummaries}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "quotes": (
        "The latest quotes of option contracts that changed, of all of a chain by `NIFTY-2026-01-29*`.",
        {"type": "quotes", "seq": 10, "quotes": [QUOTE_STATE]},
    ),
    "chains": (
        "Option chains that changed, with all their contracts, by names such as `NIFTY-2026-01-29`.",
        {"type": "chains", "seq": 11, "chains": [LIVE_CHAIN]},
    ),
    "chain-summaries": (
        "The figures of option chains that changed.",
        {"type": "chain-summaries", "seq": 12, "chain-summaries": [LIVE_SUMMARY]},
    ),
}
