"""Who a request comes from."""

from dataclasses import dataclass

from domain.access.role import Role


@dataclass(frozen=True, slots=True)
class Principal:
    """id: of the key or account. name: for people. prefixes: of the symbols it may write and read; none for all."""

    id: str
    name: str
    role: Role
    prefixes: tuple[str, ...] = ()

    @property
    def session(self) -> str | None:
        """The id of its session if it is an account, None if it is a key."""
        kind, _, session_id = self.id.partition(" ")
        return session_id if kind == "session" else None

    @property
    def owner(self) -> str:
        """Whose requests these are, for limits and for keys of requests: all sessions of an account have one."""
        return self.id if self.session is None else f"account {self.name}"

    def may_touch(self, symbol: str) -> bool:
        """symbol: normalised."""
        return not self.prefixes or symbol.startswith(self.prefixes)


# Who everything comes from while sign-in is off, and what the service itself sends.
ANYBODY = Principal("", "anybody", Role.ADMIN)
