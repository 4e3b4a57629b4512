"""Count a tick that came in and could not be read."""

from dataclasses import dataclass
from typing import NoReturn

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.ports.processor import Processor


@dataclass(frozen=True, slots=True)
class RefusePriceUpdate(Message[NoReturn]):
    """errors: why it could not be read."""

    errors: tuple[FieldError, ...]


class RefusePriceUpdateHandler:
    """Always raises ValidationFailed, after the tick is counted as rejected."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    async def handle(self, command: RefusePriceUpdate) -> NoReturn:
        self._processor.reject(1)
        raise ValidationFailed(command.errors, ticks=1)
