"""The messages about alerts: their shape and an example."""

from typing import Any

import msgspec

from api.reference.rule_examples import ALERT
from api.views.rules import AlertView
from api.views.view import View


class Alert(View, frozen=True):
    """An alert that was raised, acknowledged or resolved. Every one is sent."""

    alert: AlertView


SHAPES: dict[str, type[msgspec.Struct]] = {"alert": Alert}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "alert": (
        "An alert was raised, acknowledged or resolved. Each change is sent, at once. Only on the channel `alerts`.",
        {"type": "alert", "seq": 5, "alert": ALERT},
    ),
}
