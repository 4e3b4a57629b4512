"""Disable an account."""

from dataclasses import dataclass, replace

from application.access.errors import AccountNotFound
from application.access.ports.accounts import AccountRepository
from application.mediator import Message
from application.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class DisableAccount(Message[None]):
    """Its sessions end, and it cannot sign in until it is invited again."""

    name: str


class DisableAccountHandler:
    """Raises AccountNotFound."""

    def __init__(self, repository: AccountRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def handle(self, command: DisableAccount) -> None:
        for account in await self._repository.accounts():
            if account.name == command.name:
                own = [each.id for each in await self._repository.sessions() if each.account == account.name]
                await self._repository.end_sessions(own)
                await self._repository.save(
                    replace(account, password=None, invitation=None, disabled_us=self._clock.now_us())
                )
                return
        raise AccountNotFound(command.name)
