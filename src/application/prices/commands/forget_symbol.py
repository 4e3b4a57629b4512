"""Forget a symbol and its past."""

from application.mediator import Message
from application.processing.forget_state import ForgetState


class ForgetSymbol(ForgetState, Message[None]):
    __slots__ = ()
