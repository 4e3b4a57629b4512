"""The price messages: their shapes and an example of each."""

from typing import Any

import msgspec

from api.reference.price_examples import ANOMALIES, MOVES, STATISTICS
from api.views.prices import AnomalyView, MoveChangeView, StatisticsView
from api.views.view import View


class Snapshot(View, frozen=True):
    """The current statistics of symbols just subscribed to. last: false if another snapshot follows."""

    prices: list[StatisticsView]
    last: bool


class Prices(View, frozen=True):
    """The latest statistics of symbols that changed."""

    prices: list[StatisticsView]


class Anomaly(View, frozen=True):
    """A spike. Every one is sent."""

    anomaly: AnomalyView


class Move(View, frozen=True):
    """A move that has opened, reached a new peak, or ended."""

    move: MoveChangeView


class Gap(View, frozen=True, omit_defaults=True):
    """anomalies, moves: how many were dropped because the subscriber did not keep up."""

    anomalies: int | msgspec.UnsetType = msgspec.UNSET
    moves: int | msgspec.UnsetType = msgspec.UNSET


SHAPES: dict[str, type[msgspec.Struct]] = {
    "snapshot": Snapshot,
    "prices": Prices,
    "anomaly": Anomaly,
    "move": Move,
    "gap": Gap,
}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "snapshot": (
        "Follows `subscribed`: what the symbols just subscribed to are now. Where `last` is false, more follow.",
        {"type": "snapshot", "seq": 2, "prices": [STATISTICS], "last": True},
    ),
    "prices": (
        "The latest statistics of symbols that changed, each at most once an interval. Long ones come in several.",
        {"type": "prices", "seq": 3, "prices": [STATISTICS]},
    ),
    "anomaly": ("A spike. Each one is sent, at once.", {"type": "anomaly", "seq": 4, "anomaly": ANOMALIES["items"][0]}),
    "move": (
        "A move has opened, reached a new peak, or ended. Only on the channel `moves`.",
        {"type": "move", "seq": 5, "move": MOVES["items"][0] | {"change": "opened"}},
    ),
    "gap": (
        "Number of anomalies dropped because the client was too slow. `GET /api/anomalies` has them.",
        {"type": "gap", "seq": 5, "anomalies": 17},
    ),
}
