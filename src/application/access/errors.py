"""Errors of access; `application.errors` draws them in its tree."""

from application.errors import MarketDataError, Unavailable
from domain.access.role import Permission, roles_with


class Unauthenticated(MarketDataError):
    """Nothing says who the request comes from. One message for every reason, so that it tells attackers nothing."""

    def __init__(self) -> None:
        super().__init__("Send a valid key: Authorization: Bearer md_...")


class Forbidden(MarketDataError):
    """The caller is known, and its role does not suffice."""

    def __init__(self, permission: Permission | None) -> None:
        names = [] if permission is None else [role.value for role in roles_with(permission)]
        super().__init__(f"This needs the role {' or '.join(names)}." if names else "Nobody may do this.")


class KeyNotFound(MarketDataError):
    """No key has that id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"No key has the id {ascii(key_id[:64])[1:-1]}.")


class WrongPassword(MarketDataError):
    """The name or the password is wrong, or the account is disabled."""

    def __init__(self) -> None:
        super().__init__("The name or the password is wrong.")


class TooManyAttempts(MarketDataError):
    """Too many attempts with wrong passwords, for this account or from this address."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"Too many attempts; try again in {retry_after_seconds} s.")
        self.retry_after_seconds = retry_after_seconds


class AccountNotFound(MarketDataError):
    """No account has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No account has the name {ascii(name[:64])[1:-1]}.")


class AccountExists(MarketDataError):
    """The name is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is an account {name} already.")


class AccessUnavailable(Unavailable):
    """Nobody can sign in at the moment."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Signing in does not work at the moment: {reason}.")
