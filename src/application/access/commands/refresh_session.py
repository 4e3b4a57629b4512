"""Exchange a refresh token for new tokens."""

from dataclasses import dataclass, field

from application.access.sessions import Sessions, SignedIn
from application.mediator import Message


@dataclass(frozen=True, slots=True)
class RefreshSession(Message[SignedIn]):
    refresh_token: str = field(repr=False)


class RefreshSessionHandler:
    """Raises Unauthenticated, AccessUnavailable."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def handle(self, command: RefreshSession) -> SignedIn:
        return await self._sessions.renew(command.refresh_token)
