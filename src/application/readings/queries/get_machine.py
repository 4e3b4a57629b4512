"""Get a machine with its sensors."""

from dataclasses import dataclass, replace

from application.errors import SymbolNotFound
from application.mediator import Message
from application.readings.known_sensor import OBSERVATION, known_machine
from application.readings.ports.machines import MachineRepository
from domain.readings.machine import Machine


@dataclass(frozen=True, slots=True)
class GetMachine(Message[Machine]):
    """prefixes: see `MachineRepository`."""

    machine: str
    prefixes: tuple[str, ...] = ()


class GetMachineValidator:
    def validate(self, query: GetMachine) -> GetMachine:
        return replace(query, machine=known_machine(query.machine))


class GetMachineHandler:
    """Raises SymbolNotFound if the machine has no reading."""

    def __init__(self, machines: MachineRepository) -> None:
        self._machines = machines

    async def handle(self, query: GetMachine) -> Machine:
        found = await self._machines.get(query.machine, query.prefixes)
        if found is None:
            raise SymbolNotFound(query.machine, OBSERVATION)
        return found
