"""The messages about alerts: their shape and an example."""

from typing import Any

import msgspec

from api.reference.rule_examples import ALERT
from api.views.rules import AlertView
from api.views.view import View


class Alert(View, frozen=True):
    """An alert that was raised, acknowledged or resolved. Every one is sent."""

    alert: AlertView


class AlertsGap(View, frozen=True):
    """alerts: how many were dropped because the subscriber did not keep up."""

    alerts: int


SHAPES: dict[str, type[msgspec.Struct]] = {"alert": Alert, "gap": AlertsGap}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "alert": (
        "An alert was raised, acknowledged or resolved. Each change is sent, at once. Only on the channel `alerts`.",
        {"type": "alert", "seq": 5, "alert": ALERT},
    ),
}
