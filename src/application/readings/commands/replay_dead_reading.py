"""Take a message over MQTT again that could not be taken."""

from dataclasses import dataclass

from application.errors import DeadReadingNotFound, ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.processing.durability import Durability, submit
from application.readings.commands.reading_rules import ReadingRules
from application.readings.ports.dead_readings import DeadReadings, ReadingReader
from domain.readings.readings import Readings


@dataclass(frozen=True, slots=True)
class ReplayDeadReading(Message[None]):
    """prefixes: of the keys that the caller is limited to; to who is, there is no dead letter."""

    dead_id: int
    prefixes: tuple[str, ...] = ()


class ReplayDeadReadingHandler:
    """The message is taken as if it came when it did, and is no dead letter any more.

    Raises DeadReadingNotFound, ValidationFailed if it is still bad, and what `durability.submit` raises.
    """

    def __init__(
        self,
        dead: DeadReadings,
        reader: ReadingReader,
        rules: ReadingRules,
        processor: Processor,
        journal: Journal,
    ) -> None:
        self._dead = dead
        self._reader = reader
        self._rules = rules
        self._processor = processor
        self._journal = journal

    async def handle(self, command: ReplayDeadReading) -> None:
        dead = self._dead.get(command.dead_id)
        if dead is None or command.prefixes:
            raise DeadReadingNotFound(command.dead_id)
        reading = self._reader.reading(dead)
        errors = self._rules.check(reading, self._rules.latest_us())
        if errors:
            raise ValidationFailed(errors)
        await submit(self._processor, self._journal, Readings.of([reading]), Durability.PROCESSED, Patience.LIMITED)
        self._dead.remove(dead.id)
