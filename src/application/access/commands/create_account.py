"""Create an account, with an invitation to choose its password."""

from dataclasses import dataclass, replace

from application.access.errors import AccountExists
from application.access.ports.accounts import AccountRepository
from application.access.ports.secrets import Secrets
from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.ports.clock import Clock
from domain.access.account import ACCOUNT_NAME_RULE, Account, read_account_name
from domain.access.api_key import digest_of
from domain.access.role import Role

INVITATION_SECONDS = 3 * 86_400


@dataclass(frozen=True, slots=True)
class CreateAccount(Message[str]):
    """The result is the invitation, which is not stored and cannot be shown again.

    again: invite somebody who has an account, who has lost the password for example.
    """

    name: str
    role: Role
    again: bool = False


class CreateAccountValidator:
    def validate(self, command: CreateAccount) -> CreateAccount:
        name = read_account_name(command.name)
        if name is None:
            raise ValidationFailed([FieldError("name", "invalid_name", f"must be {ACCOUNT_NAME_RULE}")])
        return replace(command, name=name)


class CreateAccountHandler:
    """Raises AccountExists."""

    def __init__(self, repository: AccountRepository, secrets: Secrets, clock: Clock) -> None:
        self._repository = repository
        self._secrets = secrets
        self._clock = clock

    async def handle(self, command: CreateAccount) -> str:
        now_us = self._clock.now_us()
        account = Account(command.name, command.role, None, now_us)
        for known in await self._repository.accounts():
            if known.name == command.name:
                if not command.again:
                    raise AccountExists(command.name)
                account = replace(known, role=command.role, disabled_us=None)
        secret = self._secrets.secret()
        until_us = now_us + INVITATION_SECONDS * 1_000_000
        await self._repository.save(replace(account, invitation=digest_of(secret), invited_until_us=until_us))
        return secret
