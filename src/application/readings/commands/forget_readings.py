"""Forget the readings of a machine, or of one of its sensors."""

from dataclasses import dataclass, replace

from application.errors import SymbolNotFound
from application.mediator import Message
from application.ports.journal import Forgetting
from application.readings.known_sensor import OBSERVATION, known_machine, known_sensor
from application.readings.ports.machines import MachineRepository
from domain.readings.sensor_key import names_of


@dataclass(frozen=True, slots=True)
class ForgetReadings(Message[None]):
    """Answered once nothing is known of them any more. sensor: None for all. prefixes: see `MachineRepository`."""

    machine: str
    sensor: str | None = None
    prefixes: tuple[str, ...] = ()


class ForgetReadingsValidator:
    """Raises SymbolNotFound for an invalid name, as for a valid one without readings."""

    def validate(self, command: ForgetReadings) -> ForgetReadings:
        if command.sensor is None:
            return replace(command, machine=known_machine(command.machine))
        machine, sensor = names_of(known_sensor(command.machine, command.sensor))
        return replace(command, machine=machine, sensor=sensor)


class ForgetReadingsHandler:
    """Each sensor is forgotten at one moment, one after another.

    Raises SymbolNotFound if there is no reading, StorageFailed.
    """

    def __init__(self, machines: MachineRepository, journal: Forgetting, subject: str) -> None:
        self._machines = machines
        self._journal = journal
        self._subject = subject

    async def handle(self, command: ForgetReadings) -> None:
        keys = list(self._machines.sensors(command.machine, command.prefixes))
        if command.sensor is not None:
            key = known_sensor(command.machine, command.sensor)
            # Or a retry, after the storage failed.
            keys = [key] if key in keys or self._journal.is_forgetting(self._subject, key) else []
        if not keys:
            name = command.machine if command.sensor is None else f"{command.machine}/{command.sensor}"
            raise SymbolNotFound(name, OBSERVATION)
        for each in keys:
            await self._journal.forget(self._subject, each)
