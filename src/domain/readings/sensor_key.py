"""The key of a sensor: the names of its machine and of its type, `CNC-001/TEMPERATURE`.

Names are the same in any case. Keys are in capitals, as those of every subject; types of sensors are shown in small
letters.
"""

import re

from domain.symbol import SYMBOL_LENGTH_MAX

NAME_CHARACTERS = r"A-Za-z0-9._:\-^=+&#@$"
MACHINE_RULE = "1 to 62 characters out of A-Z a-z 0-9 . _ : - ^ = + & # @ $"
SENSOR_RULE = MACHINE_RULE + f", and with the machine at most {SYMBOL_LENGTH_MAX - 1}"
_SPACE = " \t\r\n"
_NAME = re.compile(rf"[{NAME_CHARACTERS}]{{1,{SYMBOL_LENGTH_MAX - 2}}}\Z")


class InvalidMachine(ValueError):
    """The text is no name of a machine."""


class InvalidSensor(ValueError):
    """The text is no type of a sensor, or too long behind its machine."""


def normalise_machine(text: str) -> str:
    """Return a machine's name: trimmed and in capitals. Raises InvalidMachine."""
    name = text.strip(_SPACE)
    if not _NAME.match(name):
        raise InvalidMachine(f"must be {MACHINE_RULE}")
    return name.upper()


def normalise_sensor(text: str) -> str:
    """Return a sensor's type: trimmed and in small letters. Raises InvalidSensor."""
    name = text.strip(_SPACE)
    if not _NAME.match(name):
        raise InvalidSensor(f"must be {SENSOR_RULE}")
    return name.lower()


def sensor_key(machine: str, sensor: str) -> str:
    """Return the key of a sensor. Raises InvalidMachine, InvalidSensor."""
    key = f"{normalise_machine(machine)}/{normalise_sensor(sensor).upper()}"
    if len(key) > SYMBOL_LENGTH_MAX:
        raise InvalidSensor(f"must be {SENSOR_RULE}")
    return key


def is_sensor_key(key: str) -> bool:
    """Whether `sensor_key` may have returned it."""
    machine, _, sensor = key.partition("/")
    return len(key) <= SYMBOL_LENGTH_MAX and key == key.upper() and all(map(_NAME.match, (machine, sensor)))


def names_of(key: str) -> tuple[str, str]:
    """Return the machine and the type of a sensor."""
    machine, _, sensor = key.partition("/")
    return machine, sensor.lower()
