"""Checks passwords, slowly for whoever guesses."""

from application.access.attempts import Attempts
from application.access.directory import Directory
from application.access.errors import WrongPassword
from application.access.ports.audit import Audit
from application.access.ports.passwords import Passwords
from application.errors import FieldError, ValidationFailed
from domain.access.account import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, Account
from domain.network import network_of


class PasswordChecks:
    """by_account, by_address: the attempts so far. Names without an account count too, and take as long."""

    def __init__(
        self, directory: Directory, passwords: Passwords, by_account: Attempts, by_address: Attempts, audit: Audit
    ) -> None:
        self._directory = directory
        self._passwords = passwords
        self._by_account = by_account
        self._by_address = by_address
        self._audit = audit

    async def check(self, name: str, password: str, address: str) -> Account:
        """Return the account with this name and password.

        Raises:
            WrongPassword: there is none.
            TooManyAttempts, AccessUnavailable
        """
        self._by_address.begin(network_of(address))
        self._by_account.begin(name)
        account = self._directory.account(name)
        hashed = None if account is None else account.password
        matches = await self._passwords.matches(password[: PASSWORD_LENGTH_MAX + 1], hashed)
        # As it is now: the password may have been changed meanwhile, or the account disabled.
        account = self._directory.account(name)
        if not matches or account is None or account.password != hashed:
            self._audit.note("sign-in failed", account=name[:64], address=address)
            raise WrongPassword
        self._by_account.succeed(name)
        # No more than that, or an account of their own would let others guess for ever.
        self._by_address.take_back(network_of(address))
        return account


def check_new_password(password: str, name: str) -> None:
    """Raises ValidationFailed."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        message = f"must be {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
        raise ValidationFailed([FieldError("newPassword", "invalid_password", message)])
    if name in password.lower() and len(name) * 2 > len(password):
        raise ValidationFailed([FieldError("newPassword", "invalid_password", "must not be the name of the account")])
