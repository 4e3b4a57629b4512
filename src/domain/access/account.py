"""Accounts of people, and their sessions."""

import re
from dataclasses import dataclass

from domain.access.principal import Principal
from domain.access.role import Role

ACCOUNT_NAME_RULE = "1 to 64 characters out of a-z 0-9 . _ @ + -"
# Long rather than complicated.
PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 128

_NAME = re.compile(r"[a-z0-9._@+-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Account:
    """password: its hash, None until an invitation is accepted. invitation: digest of its secret, as long as it can be
    accepted. Moments are None as long as they do not apply.
    """

    name: str
    role: Role
    password: str | None
    created_us: int
    invitation: bytes | None = None
    invited_until_us: int | None = None
    disabled_us: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A chain of refresh tokens. digest: of the newest one's secret. previous: of the one before.

    renewed_us: when the newest one was issued. expires_us: when the session ends, unless it is renewed.
    """

    id: str
    account: str
    digest: bytes
    created_us: int
    renewed_us: int
    expires_us: int
    previous: bytes = b""

    def principal_of(self, account: Account) -> Principal:
        return Principal(f"session {self.id}", account.name, account.role)


def read_account_name(text: str) -> str | None:
    """The canonical form of a name, in lower case; None if it breaks ACCOUNT_NAME_RULE."""
    name = text.strip().lower() if text.isascii() else ""
    return name if _NAME.match(name) else None
