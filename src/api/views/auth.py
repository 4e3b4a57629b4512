"""Who is signed in, and what people send to sign in."""

import msgspec

from api.views.view import View
from domain.access.principal import Principal


class MeView(View, frozen=True):
    """symbols: prefixes of the symbols that a key is limited to; empty for all."""

    name: str
    role: str
    symbols: list[str]

    @classmethod
    def of(cls, principal: Principal) -> "MeView":
        return cls(principal.name, principal.role.value, list(principal.prefixes))


class _Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Not in any message: it has secrets."""

    def __repr__(self) -> str:
        return type(self).__name__


class SignInBody(_Sent, frozen=True):
    name: str
    password: str


class InvitationBody(_Sent, frozen=True):
    name: str
    invitation: str
    new_password: str


class PasswordBody(_Sent, frozen=True):
    password: str
    new_password: str
