"""The validation rules of readings, whatever their source."""

from collections.abc import Mapping

from application.errors import FieldError
from application.ports.clock import Clock
from application.processing.known_keys import are_in_time
from domain.numbers import NUMBER_MAX, Number
from domain.readings.reading import Reading
from domain.readings.readings import Readings
from domain.readings.sensor_key import MACHINE_RULE, is_sensor_key, names_of
from domain.readings.sensor_type import SensorType

UNIT_LENGTH_MAX = 32
_ID_LENGTH_MAX = 128
_NO_TYPE = SensorType("")


class ReadingRules:
    """Checks readings.

    max_clock_skew_us: how far ahead of the clock a timestamp may be. types: what is known of sensors, by type.
    sensors_max: how many sensors known to be valid are remembered.
    """

    def __init__(self, clock: Clock, max_clock_skew_us: int, types: Mapping[str, SensorType], sensors_max: int) -> None:
        self._clock = clock
        self._max_clock_skew_us = max_clock_skew_us
        self._types = types
        self._sensors_max = sensors_max
        # Keys with and without a unit that were valid.
        self._known: dict[str, SensorType] = {}
        self._known_units: set[tuple[str, str | None]] = set()

    def latest_us(self) -> int:
        """Return the newest timestamp that is acceptable now."""
        return self._clock.now_us() + self._max_clock_skew_us

    def are_known_valid(self, readings: Readings, latest_us: int) -> bool:
        """Fast path: whether all readings are valid as they are. False only means that they need a full check."""
        known = self._known
        return (
            readings.ids is None
            and known.keys() >= set(readings.keys)
            and are_in_time(readings.times_us, latest_us)
            and (
                readings.units is None or self._known_units.issuperset(zip(readings.keys, readings.units, strict=True))
            )
            and all(map(_is_value, readings.values))
            and (
                not self._types
                or all(
                    known[key].excess(value) is None for key, value in zip(readings.keys, readings.values, strict=True)
                )
            )
        )

    def check(self, reading: Reading, latest_us: int) -> list[FieldError]:
        """Return all errors of a reading."""
        if not is_sensor_key(reading.key):
            return [FieldError("machineId", "invalid_machine", f"must be {MACHINE_RULE}")]
        errors = []
        kind = self._types.get(names_of(reading.key)[1], _NO_TYPE)
        if not _is_value(reading.value):
            errors.append(FieldError("value", "out_of_range", f"must be between {-NUMBER_MAX} and {NUMBER_MAX}"))
        elif (excess := kind.excess(reading.value)) is not None:
            errors.append(FieldError("value", "out_of_range", f"must be {excess} for sensors of the type {kind.name}"))
        if reading.unit is not None and not _is_text(reading.unit, UNIT_LENGTH_MAX):
            message = f"must be 1 to {UNIT_LENGTH_MAX} printable characters"
            errors.append(FieldError("unit", "invalid_unit", message))
        elif reading.unit is not None and kind.unit is not None and reading.unit != kind.unit:
            message = f"must be {kind.unit} for sensors of the type {kind.name}: values are not converted"
            errors.append(FieldError("unit", "wrong_unit", message))
        if reading.timestamp_us > latest_us:
            seconds = self._max_clock_skew_us / 1_000_000
            message = f"must not be more than {seconds:g} s ahead of the server's clock"
            errors.append(FieldError("timestamp", "in_the_future", message))
        if reading.id is not None and not _is_text(reading.id, _ID_LENGTH_MAX):
            errors.append(FieldError("id", "invalid_id", f"must be 1 to {_ID_LENGTH_MAX} printable characters"))
        if not errors:
            self._remember(reading, kind)
        return errors

    def _remember(self, reading: Reading, kind: SensorType) -> None:
        if len(self._known) >= self._sensors_max or len(self._known_units) >= self._sensors_max:
            self._known.clear()
            self._known_units.clear()
        self._known[reading.key] = kind
        if reading.unit is not None:
            self._known_units |= {(reading.key, reading.unit), (reading.key, None)}


def _is_value(value: Number) -> bool:
    return -NUMBER_MAX <= value <= NUMBER_MAX


def _is_text(text: str, length_max: int) -> bool:
    return 0 < len(text) <= length_max and text.isprintable()
