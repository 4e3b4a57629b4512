"""Roles, and what each of them may do."""

from enum import Enum


class Permission(Enum):
    """WRITE: post observations. READ: prices, events, history, streams. OPERATE: metrics, the accounting and health in
    detail. MANAGE: remove symbols, and manage accounts.
    """

    WRITE = "write"
    READ = "read"
    OPERATE = "operate"
    MANAGE = "manage"


class Role(Enum):
    """A feeder only writes; an operator may do what a viewer may, an admin everything."""

    FEEDER = "feeder"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, permission: Permission) -> bool:
        return permission in _PERMISSIONS[self]


_PERMISSIONS = {
    Role.FEEDER: frozenset((Permission.WRITE,)),
    Role.VIEWER: frozenset((Permission.READ,)),
    Role.OPERATOR: frozenset((Permission.READ, Permission.OPERATE)),
    Role.ADMIN: frozenset(Permission),
}


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that have a permission."""
    return tuple(role for role in Role if role.may(permission))
