"""Try a delivery again that failed for good."""

from dataclasses import dataclass

from application.mediator import Message
from application.rules.errors import DeadLetterNotFound
from application.rules.ports.dead_letters import DeadLetter, DeadLetters


@dataclass(frozen=True, slots=True)
class ReplayDeadLetter(Message[DeadLetter]):
    """prefixes: of the keys that the caller is limited to."""

    delivery_id: str
    prefixes: tuple[str, ...] = ()


class ReplayDeadLetterHandler:
    def __init__(self, letters: DeadLetters) -> None:
        self._letters = letters

    async def handle(self, command: ReplayDeadLetter) -> DeadLetter:
        """Return the delivery, as it waits now. Raises DeadLetterNotFound."""
        letter = await self._letters.get(command.delivery_id)
        if letter is None or (command.prefixes and not letter.alert.key.startswith(command.prefixes)):
            raise DeadLetterNotFound(command.delivery_id)
        return await self._letters.replay(letter)
