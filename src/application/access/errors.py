"""Errors of access; `application.errors` draws them in its tree."""

from application.errors import MarketDataError
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
