"""The port for access tokens, which are valid for some minutes."""

from typing import Protocol


class Tokens(Protocol):
    seconds: int

    def issue(self, account: str, session_id: str, now_us: int) -> str: ...

    def read(self, text: str, now_us: int) -> tuple[str, str] | None:
        """The account and the session of a token; None if it is not one of ours that is valid now."""
        ...
