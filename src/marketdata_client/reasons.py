"""Why a connection was lost, in plain words."""

import os
import re

from websockets.exceptions import ConnectionClosed

_ERRNO = re.compile(r"\[Errno (\d+)\]")


def in_plain_words(error: Exception) -> str:
    """Return what an error says, without Python's way of saying it."""
    if isinstance(error, ConnectionClosed):
        if error.rcvd is None:
            return "the connection was lost"
        return f"the service closed the connection ({error.rcvd.reason or error.rcvd.code})"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    # asyncio words these errors in its own way, and joins those of several addresses into one.
    numbers = _ERRNO.findall(str(error)) if isinstance(error, OSError) else []
    if numbers:
        text = os.strerror(int(numbers[-1]))
    return text[:1].lower() + text[1:]
