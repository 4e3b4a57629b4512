"""The messages about readings: their shapes and an example of each."""

from typing import Any

import msgspec

from api.reference.reading_examples import SENSOR
from api.views.readings import SensorView
from api.views.view import View


class ReadingsSnapshot(View, frozen=True):
    """The current statistics of sensors just subscribed to. last: false if another snapshot follows."""

    readings: list[SensorView]
    last: bool


class ReadingsMessage(View, frozen=True):
    """The latest statistics of sensors that changed."""

    readings: list[SensorView]


SHAPES: dict[str, type[msgspec.Struct]] = {"snapshot": ReadingsSnapshot, "readings": ReadingsMessage}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "readings": (
        (
            "The latest statistics of sensors, each at most once an interval. Only on the channel `readings`, whose "
            "symbols are machines (`CNC-001`), sensors (`CNC-001/temperature`) and prefixes of either."
        ),
        {"type": "readings", "seq": 4, "readings": [SENSOR]},
    ),
}
