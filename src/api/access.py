"""The use cases of access, wired for the service and the command line alike."""

from application.access.attempts import Attempts
from application.access.commands.accept_invitation import AcceptInvitation, AcceptInvitationHandler
from application.access.commands.change_password import ChangePassword, ChangePasswordHandler
from application.access.commands.create_account import CreateAccount, CreateAccountHandler, CreateAccountValidator
from application.access.commands.create_key import CreateKey, CreateKeyHandler, CreateKeyValidator
from application.access.commands.disable_account import DisableAccount, DisableAccountHandler
from application.access.commands.refresh_session import RefreshSession, RefreshSessionHandler
from application.access.commands.revoke_key import RevokeKey, RevokeKeyHandler
from application.access.commands.sign_in import SignIn, SignInHandler
from application.access.commands.sign_out import SignOut, SignOutHandler
from application.access.directory import Directory
from application.access.password_checks import PasswordChecks
from application.access.ports.accounts import AccountRepository
from application.access.ports.key_repository import KeyRepository
from application.access.ports.passwords import Passwords
from application.access.ports.tokens import Tokens
from application.access.queries.list_accounts import ListAccounts, ListAccountsHandler
from application.access.queries.list_keys import ListKeys, ListKeysHandler
from application.access.sessions import Sessions
from application.behaviours.validation import Validation, Validator
from application.mediator import Handler, Mediator
from application.ports.clock import Clock
from infrastructure.access.audit_log import AuditLog
from infrastructure.access.random_secrets import RandomSecrets

# After so many wrong passwords each further one doubles the wait. An account waits for a minute at most, so that
# strangers cannot lock its owner out; an address, for a quarter of an hour.
_ACCOUNT_FREE, _ACCOUNT_SECONDS_MAX = 5, 60
_ADDRESS_FREE, _ADDRESS_SECONDS_MAX = 20, 900


def access_mediator(
    keys: KeyRepository,
    accounts: AccountRepository,
    directory: Directory,
    passwords: Passwords,
    tokens: Tokens,
    clock: Clock,
) -> Mediator:
    """Handles the messages of access."""
    secrets, audit = RandomSecrets(), AuditLog()
    by_address = Attempts(clock, _ADDRESS_FREE, _ADDRESS_SECONDS_MAX)
    by_account = Attempts(clock, _ACCOUNT_FREE, _ACCOUNT_SECONDS_MAX)
    checks = PasswordChecks(directory, passwords, by_account, by_address, audit)
    sessions = Sessions(accounts, directory, secrets, tokens, clock)
    handlers: dict[type, Handler] = {
        CreateKey: CreateKeyHandler(keys, secrets, clock),
        RevokeKey: RevokeKeyHandler(keys, clock),
        ListKeys: ListKeysHandler(keys),
        CreateAccount: CreateAccountHandler(accounts, secrets, clock),
        DisableAccount: DisableAccountHandler(accounts, clock),
        ListAccounts: ListAccountsHandler(accounts),
        SignIn: SignInHandler(checks, sessions, audit),
        RefreshSession: RefreshSessionHandler(sessions),
        SignOut: SignOutHandler(sessions, audit),
        ChangePassword: ChangePasswordHandler(checks, passwords, accounts, directory, sessions, audit),
        AcceptInvitation: AcceptInvitationHandler(by_address, passwords, accounts, directory, sessions, audit, clock),
    }
    validators: dict[type, Validator] = {CreateKey: CreateKeyValidator(clock), CreateAccount: CreateAccountValidator()}
    return Mediator(handlers, handlers, (Validation(validators, {}),))
