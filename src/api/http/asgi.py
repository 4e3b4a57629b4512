"""ASGI types."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Scope key: whether the request is a HEAD, which handlers see as a GET.
IS_HEAD = "marketdata.head"
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
