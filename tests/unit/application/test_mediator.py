from dataclasses import dataclass
from typing import Any

import pytest

from application.mediator import Mediator, Message, MissingHandler, Proceed


@dataclass(frozen=True)
class Double(Message[int]):
    number: int


@dataclass(frozen=True)
class Unknown(Message[None]):
    pass


class DoubleHandler:
    async def handle(self, message: Double) -> int:
        return 2 * message.number


class Adding:
    """Adds to the number on the way in and to the trail on the way in and out."""

    def __init__(self, amount: int, trail: list[str]) -> None:
        self._amount = amount
        self._trail = trail

    async def __call__(self, message: Double, proceed: Proceed) -> Any:
        self._trail.append(f"+{self._amount}")
        answer = await proceed(Double(message.number + self._amount))
        self._trail.append(f"-{self._amount}")
        return answer


async def test_message_reaches_the_handler_of_its_type() -> None:
    assert await Mediator([Double], {Double: DoubleHandler()}).send(Double(21)) == 42


async def test_behaviours_wrap_the_handler_in_their_order_and_may_change_the_message() -> None:
    trail: list[str] = []
    mediator = Mediator([Double], {Double: DoubleHandler()}, [Adding(1, trail), Adding(10, trail)])
    assert await mediator.send(Double(0)) == 22
    assert trail == ["+1", "+10", "-10", "-1"]


def test_message_without_a_handler_fails_when_the_table_is_built() -> None:
    with pytest.raises(MissingHandler, match="Unknown"):
        Mediator([Double, Unknown], {Double: DoubleHandler()})
