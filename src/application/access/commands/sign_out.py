"""Sign out."""

from dataclasses import dataclass, field

from application.access.ports.audit import Audit
from application.access.sessions import Sessions
from application.mediator import Message


@dataclass(frozen=True, slots=True)
class SignOut(Message[None]):
    """End the session of a refresh token, if it has one."""

    refresh_token: str = field(repr=False)


class SignOutHandler:
    def __init__(self, sessions: Sessions, audit: Audit) -> None:
        self._sessions = sessions
        self._audit = audit

    async def handle(self, command: SignOut) -> None:
        session = self._sessions.of(command.refresh_token)
        if session is not None:
            self._audit.note("signed out", account=session.account)
            await self._sessions.end([session.id])
