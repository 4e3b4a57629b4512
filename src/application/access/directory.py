"""All keys, accounts and sessions in memory, so that a request is authenticated without a wait."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from application.access.errors import Unauthenticated
from application.access.ports.tokens import Tokens
from application.ports.clock import Clock
from domain.access.account import Account, Session
from domain.access.api_key import NOBODYS_KEY, ApiKey, opens, read_key
from domain.access.principal import Principal


class Directory:
    """Tells who a key or an access token belongs to.

    Invariant: whatever was remembered of an answer is forgotten by the callbacks of `on_change` as soon as `load`,
    `drop` or `review` has been called after the answer changed.
    """

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}
        # By id; and the ids.
        self._ordered = [NOBODYS_KEY]
        self._ids = [NOBODYS_KEY.id]
        self._accounts: dict[str, Account] = {}
        self._sessions: dict[str, Session] = {}
        self._changed: list[Callable[[], None]] = []
        self._used: dict[str, int] = {}

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever somebody may have lost access, and when keys in use are to authenticate again."""
        self._changed.append(callback)

    def load(self, keys: Iterable[ApiKey], accounts: Iterable[Account] = ()) -> None:
        """Replace keys and accounts. The sessions of an account end whose password is not the one that it was."""
        before = self._accounts
        self._keys = {key.id: key for key in keys}
        self._ordered = sorted((*self._keys.values(), NOBODYS_KEY), key=attrgetter("id"))
        self._ids = [key.id for key in self._ordered]
        self._accounts = {account.name: account for account in accounts}
        changed = {
            name for name, known in before.items() if known.password != getattr(self.account(name), "password", None)
        }
        self._sessions = {key: session for key, session in self._sessions.items() if session.account not in changed}
        self.review()

    def review(self) -> None:
        """Have every caller authenticate again."""
        for callback in self._changed:
            callback()

    def authenticate(self, text: str) -> Principal:
        """Return who a key belongs to. It takes as long whatever is wrong with a key of the right form.

        Raises:
            Unauthenticated: it is not a key, or not one that is valid now.
        """
        found = read_key(text)
        if found is None:
            raise Unauthenticated
        key_id, secret = found
        # If there is no such key, the next one stands in for it, so that as much is done.
        key = self._ordered[bisect_left(self._ids, key_id)]
        now_us = self._clock.now_us()
        if not opens(key, key_id, secret) or not key.is_valid(now_us):
            raise Unauthenticated
        self._used[key_id] = now_us
        return key.principal

    def signed_in(self, access_token: str) -> Principal:
        """Return whose session an access token is of. Raises Unauthenticated."""
        found = self._tokens.read(access_token, self._clock.now_us())
        session = None if found is None else self.session(found[1])
        account = None if session is None else self.account(session.account)
        if found is None or session is None or account is None or session.account != found[0]:
            raise Unauthenticated
        return session.principal_of(account)

    def knows(self, principal: Principal) -> bool:
        """Whether a principal that has authenticated before still may."""
        if principal.session is not None:
            session = self.session(principal.session)
            account = None if session is None else self.account(session.account)
            return account is not None and account.role is principal.role
        key = self._keys.get(principal.id)
        return key is not None and key.is_valid(self._clock.now_us())

    def account(self, name: str) -> Account | None:
        """Return an account that is not disabled."""
        found = self._accounts.get(name)
        return None if found is None or found.disabled_us is not None else found

    def session(self, session_id: str) -> Session | None:
        """Return a session that has not ended."""
        found = self._sessions.get(session_id)
        return None if found is None or found.expires_us <= self._clock.now_us() else found

    def sessions_of(self, account: str) -> list[Session]:
        return [session for session in self._sessions.values() if session.account == account]

    def hold(self, session: Session) -> None:
        """Add a session, or replace it."""
        self._sessions[session.id] = session

    def update(self, account: Account) -> None:
        """Add an account, or replace it."""
        self._accounts[account.name] = account

    def drop(self, session_ids: Sequence[str]) -> None:
        """End sessions."""
        for session_id in session_ids:
            self._sessions.pop(session_id, None)
        self.review()

    def expired_sessions(self) -> list[str]:
        now_us = self._clock.now_us()
        return [session.id for session in self._sessions.values() if session.expires_us <= now_us]

    def next_expiry_us(self) -> int | None:
        """Return when the next valid key expires."""
        now_us = self._clock.now_us()
        valid = (key.expires_us for key in self._keys.values() if key.is_valid(now_us))
        return min((moment for moment in valid if moment is not None), default=None)

    def take_used(self) -> dict[str, int]:
        """Return when keys were last used since the last call, by id."""
        used, self._used = self._used, {}
        return used
