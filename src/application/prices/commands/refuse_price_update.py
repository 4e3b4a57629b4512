"""Count a received tick that could not be decoded."""

from dataclasses import dataclass
from typing import NoReturn

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.ports.processor import Processor


@dataclass(frozen=True, slots=True)
class RefusePriceUpdate(Message[NoReturn]):
    """errors: why it could not be decoded."""

    errors: tuple[FieldError, ...]


class RefusePriceUpdateHandler:
    """Counts the tick as rejected, then always raises ValidationFailed."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    async def handle(self, command: RefusePriceUpdate) -> NoReturn:
        self._processor.reject(1)
        raise ValidationFailed(command.errors, ticks=1)
