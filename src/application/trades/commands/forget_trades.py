"""Forget the trades of a symbol."""

from application.mediator import Message
from application.processing.forget_state import ForgetState


class ForgetTrades(ForgetState, Message[None]):
    __slots__ = ()
