"""The names that option quotes and chains have on the wire."""

import re

# Fields of a quote on the wire, each with its name in the domain.
QUOTE_FIELDS = {
    "symbol": "symbol",
    "product": "product",
    "expiry": "expiry",
    "strike": "strike",
    "optionType": "option_type",
    "bid": "bid",
    "ask": "ask",
    "bidSize": "bid_size",
    "askSize": "ask_size",
    "last": "last",
    "volume": "volume",
    "openInterest": "open_interest",
    "previousOpenInterest": "previous_open_interest",
    "previousClose": "previous_close",
    "iv": "iv",
    "timestamp": "timestamp",
    "id": "id",
}
CHAIN_FIELDS = ("product", "expiry", "spotPrice", "calls", "puts", "timestamp")


def snake(name: str) -> str:
    return re.sub("([A-Z])", lambda match: "_" + match.group(1).lower(), name)
