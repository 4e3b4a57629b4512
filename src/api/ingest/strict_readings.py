"""The strict parser of one reading, which reports every invalid field."""

from typing import Any

from api.ingest.strict_fields import Unreadable, object_of, optional, read_decimal, read_moment, read_text, unexpected
from application.errors import FieldError
from domain.readings.reading import Quality, Reading
from domain.readings.sensor_key import InvalidMachine, InvalidSensor, sensor_key

FIELDS = ("machineId", "sensorType", "value", "unit", "quality", "timestamp", "id")
QUALITIES = {quality.value: quality for quality in Quality}


def read_reading(value: Any, now_us: int) -> Reading:
    """Read a reading from a JSON value; `now_us` is when it was received. Raises Unreadable."""
    item = object_of(value)
    errors = unexpected(item, "reading", FIELDS)
    machine = read_text(item, "machineId", errors)
    sensor = read_text(item, "sensorType", errors)
    key = _key(machine, sensor, errors)
    number = read_decimal(item, "value", errors)
    unit = optional(read_text, item, "unit", errors)
    named = optional(read_text, item, "quality", errors)
    if named is not None and named not in QUALITIES:
        errors.append(FieldError("quality", "unknown_value", f"must be one of {', '.join(QUALITIES)}"))
    timestamp_us = read_moment(item, "timestamp", errors)
    reading_id = optional(read_text, item, "id", errors)
    if errors or key is None or number is None:
        raise Unreadable(errors)
    quality = Quality.GOOD if named is None else QUALITIES[named]
    return Reading(key, number, now_us if timestamp_us is None else timestamp_us, quality, unit, reading_id)


def _key(machine: str | None, sensor: str | None, errors: list[FieldError]) -> str | None:
    try:
        return sensor_key("M" if machine is None else machine, "S" if sensor is None else sensor)
    except InvalidMachine as error:
        errors.append(FieldError("machineId", "invalid_machine", str(error)))
    except InvalidSensor as error:
        errors.append(FieldError("sensorType", "invalid_sensor", str(error)))
    return None
