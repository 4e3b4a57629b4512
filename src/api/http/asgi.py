"""The types of ASGI, as plain as the protocol is."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Where the scope of a request says that it was a HEAD, which handlers see as a GET.
IS_HEAD = "marketdata.head"
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
