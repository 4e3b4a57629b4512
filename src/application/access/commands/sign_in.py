"""Sign in with a name and a password."""

from dataclasses import dataclass, field

from application.access.password_checks import PasswordChecks
from application.access.ports.audit import Audit
from application.access.sessions import Sessions, SignedIn
from application.mediator import Message
from domain.access.account import read_account_name


@dataclass(frozen=True, slots=True)
class SignIn(Message[SignedIn]):
    name: str
    password: str = field(repr=False)
    address: str = ""


class SignInHandler:
    """Raises WrongPassword, TooManyAttempts, AccessUnavailable."""

    def __init__(self, checks: PasswordChecks, sessions: Sessions, audit: Audit) -> None:
        self._checks = checks
        self._sessions = sessions
        self._audit = audit

    async def handle(self, command: SignIn) -> SignedIn:
        name = read_account_name(command.name) or ""
        account = await self._checks.check(name, command.password, command.address)
        self._audit.note("signed in", account=name, address=command.address)
        return await self._sessions.open(account)
