"""Validates messages before they reach their handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from application.errors import ValidationFailed
from application.mediator import Proceed


class Validator(Protocol):
    def validate(self, message: Any, /) -> Any:
        """Return the message in normalised form.

        Raises:
            ValidationFailed: it breaks a rule.
        """
        ...


class Validation:
    """Validates the messages that have a validator.

    reject: by message type, the callback that counts the observations of an invalid message as rejected.
    """

    def __init__(self, validators: Mapping[type, Validator], reject: Mapping[type, Callable[[int], None]]) -> None:
        self._validators = validators
        self._reject = reject

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]:
        validator = self._validators.get(type(message))
        if validator is not None:
            try:
                message = validator.validate(message)
            except ValidationFailed as failure:
                reject = self._reject.get(type(message))
                if reject is not None:
                    reject(failure.ticks)
                raise
        return proceed(message)
