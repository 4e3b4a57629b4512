"""Machines and sensors in questions about them."""

from application.errors import SymbolNotFound
from domain.readings.sensor_key import InvalidMachine, InvalidSensor, normalise_machine, sensor_key

OBSERVATION = "reading"


def known_machine(machine: str) -> str:
    """Return a machine's name. Raises SymbolNotFound for an invalid one, as for a valid one without readings."""
    try:
        return normalise_machine(machine)
    except InvalidMachine:
        raise SymbolNotFound(ascii(machine[:64]), OBSERVATION) from None


def known_sensor(machine: str, sensor: str) -> str:
    """Return the key of a sensor. Raises SymbolNotFound for an invalid one, as for a valid one without readings."""
    try:
        return sensor_key(machine, sensor)
    except (InvalidMachine, InvalidSensor):
        raise SymbolNotFound(ascii(f"{machine}/{sensor}"[:64]), OBSERVATION) from None
