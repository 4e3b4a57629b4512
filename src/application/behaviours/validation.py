"""Only messages that keep the rules reach their handler."""

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

from application.errors import ValidationFailed
from application.mediator import Proceed
from application.ports.market_data_processor import MarketDataProcessor


class Validator(Protocol):
    def validate(self, message: Any, /) -> Any:
        """The message in its normal form.

        Raises:
            ValidationFailed: it breaks a rule.
        """
        ...


class Validation:
    """Validates the messages that have a validator, and counts the ticks of those that fail as rejected."""

    def __init__(self, validators: Mapping[type, Validator], processor: MarketDataProcessor) -> None:
        self._validators = validators
        self._processor = processor

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]:
        validator = self._validators.get(type(message))
        if validator is not None:
            try:
                message = validator.validate(message)
            except ValidationFailed as failure:
                self._processor.reject(failure.ticks)
                raise
        return proceed(message)
