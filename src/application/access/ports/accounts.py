"""The port for storing accounts and their sessions."""

from collections.abc import Sequence
from typing import Protocol

from domain.access.account import Account, Session


class AccountRepository(Protocol):
    """Every method may raise AccessUnavailable."""

    async def accounts(self) -> Sequence[Account]:
        """Return all accounts, the oldest first."""
        ...

    async def save(self, account: Account) -> None:
        """Add an account or replace it, which `KeyRepository.version` tells."""
        ...

    async def replace(self, before: Account, after: Account) -> bool:
        """Replace an account, as `save` does, unless any process has changed it since. Return whether it was."""
        ...

    async def sessions(self) -> Sequence[Session]: ...

    async def save_session(self, session: Session) -> None:
        """Add a session or replace it."""
        ...

    async def end_sessions(self, session_ids: Sequence[str]) -> None: ...
