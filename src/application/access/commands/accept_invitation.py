"""Accept an invitation: choose a password."""

from dataclasses import dataclass, field, replace
from hmac import compare_digest

from application.access.attempts import Attempts
from application.access.directory import Directory
from application.access.errors import Unauthenticated
from application.access.password_checks import check_new_password
from application.access.ports.accounts import AccountRepository
from application.access.ports.audit import Audit
from application.access.ports.passwords import Passwords
from application.access.sessions import Sessions, SignedIn
from application.mediator import Message
from application.ports.clock import Clock
from domain.access.account import Account, read_account_name
from domain.access.api_key import digest_of
from domain.network import network_of

# No invitation has it.
_NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True)
class AcceptInvitation(Message[SignedIn]):
    """An invitation is accepted once. Other sessions of the account end."""

    name: str
    invitation: str = field(repr=False)
    new_password: str = field(repr=False)
    address: str = ""


class AcceptInvitationHandler:
    """Raises Unauthenticated, TooManyAttempts, ValidationFailed, AccessUnavailable."""

    def __init__(
        self,
        by_address: Attempts,
        passwords: Passwords,
        repository: AccountRepository,
        directory: Directory,
        sessions: Sessions,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._by_address = by_address
        self._passwords = passwords
        self._repository = repository
        self._directory = directory
        self._sessions = sessions
        self._audit = audit
        self._clock = clock

    async def handle(self, command: AcceptInvitation) -> SignedIn:
        name = read_account_name(command.name) or ""
        self._by_address.begin(network_of(command.address))
        account = self._invited(name, command.invitation)
        check_new_password(command.new_password, name)
        self._by_address.take_back(network_of(command.address))
        password = await self._passwords.hash(command.new_password)
        changed = replace(account, password=password, invitation=None, invited_until_us=None)
        if not await self._repository.replace(account, changed):
            # Accepted by somebody else meanwhile, or withdrawn.
            raise Unauthenticated
        self._directory.update(changed)
        self._audit.note("invitation accepted", account=name, address=command.address)
        await self._sessions.end_all(name)
        return await self._sessions.open(changed)

    def _invited(self, name: str, invitation: str) -> Account:
        account = self._directory.account(name)
        digest = _NO_DIGEST if account is None or account.invitation is None else account.invitation
        if (
            not compare_digest(digest, digest_of(invitation))
            or account is None
            or (account.invited_until_us or 0) <= self._clock.now_us()
        ):
            raise Unauthenticated
        return account
