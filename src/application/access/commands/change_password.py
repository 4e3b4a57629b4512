"""Change the own password."""

from dataclasses import dataclass, field, replace

from application.access.directory import Directory
from application.access.errors import WrongPassword
from application.access.password_checks import PasswordChecks, check_new_password
from application.access.ports.accounts import AccountRepository
from application.access.ports.audit import Audit
from application.access.ports.passwords import Passwords
from application.access.sessions import Sessions, SignedIn
from application.mediator import Message


@dataclass(frozen=True, slots=True)
class ChangePassword(Message[SignedIn]):
    """All sessions end, and a new one begins."""

    name: str
    password: str = field(repr=False)
    new_password: str = field(repr=False)
    address: str = ""


class ChangePasswordHandler:
    """Raises WrongPassword, TooManyAttempts, ValidationFailed, AccessUnavailable."""

    def __init__(
        self,
        checks: PasswordChecks,
        passwords: Passwords,
        repository: AccountRepository,
        directory: Directory,
        sessions: Sessions,
        audit: Audit,
    ) -> None:
        self._checks = checks
        self._passwords = passwords
        self._repository = repository
        self._directory = directory
        self._sessions = sessions
        self._audit = audit

    async def handle(self, command: ChangePassword) -> SignedIn:
        check_new_password(command.new_password, command.name)
        account = await self._checks.check(command.name, command.password, command.address)
        changed = replace(account, password=await self._passwords.hash(command.new_password))
        if not await self._repository.replace(account, changed):
            # Disabled, for example.
            raise WrongPassword
        self._directory.update(changed)
        self._audit.note("password changed", account=command.name, address=command.address)
        await self._sessions.end_all(command.name)
        return await self._sessions.open(changed)
