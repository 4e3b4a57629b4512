"""Sessions: a chain of refresh tokens, each of which is used once, and the access tokens that they bring."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hmac import compare_digest

from application.access.directory import Directory
from application.access.errors import Unauthenticated
from application.access.ports.accounts import AccountRepository
from application.access.ports.secrets import Secrets
from application.access.ports.tokens import Tokens
from application.ports.clock import Clock
from domain.access.account import Account, Session
from domain.access.api_key import digest_of

SESSION_SECONDS = 7 * 86_400
# A page that asks twice at once, in two tabs, must not be signed out.
_GRACE_US = 10_000_000
_SESSIONS_MAX = 20


@dataclass(frozen=True, slots=True)
class SignedIn:
    """refresh_token: None if the one that was sent stays the newest."""

    account: Account
    access_token: str
    refresh_token: str | None


class Sessions:
    """Opens, renews and ends sessions, in the store and in the directory."""

    def __init__(
        self, repository: AccountRepository, directory: Directory, secrets: Secrets, tokens: Tokens, clock: Clock
    ) -> None:
        self._repository = repository
        self._directory = directory
        self._secrets = secrets
        self._tokens = tokens
        self._clock = clock

    async def open(self, account: Account) -> SignedIn:
        """Open a session. An account has at most 20; the ones that were not renewed for longest end."""
        now_us = self._clock.now_us()
        own = sorted(self._directory.sessions_of(account.name), key=lambda session: session.renewed_us, reverse=True)
        await self.end([session.id for session in own[_SESSIONS_MAX - 1 :]])
        secret = self._secrets.secret()
        session = Session(
            self._secrets.identifier(),
            account.name,
            digest_of(secret),
            now_us,
            now_us,
            now_us + SESSION_SECONDS * 1_000_000,
        )
        await self._keep(session)
        return SignedIn(account, self._access(session), _text(session, secret))

    async def renew(self, refresh_token: str) -> SignedIn:
        """Exchange a refresh token for the next one. Using one again ends the session: somebody has copied it.

        Raises:
            Unauthenticated: it is not the newest one of a session.
        """
        session_id, _, secret = refresh_token.partition("_")
        session = self._directory.session(session_id)
        account = None if session is None else self._directory.account(session.account)
        digest, now_us = digest_of(secret), self._clock.now_us()
        if session is None or account is None:
            raise Unauthenticated
        if compare_digest(session.digest, digest):
            secret = self._secrets.secret()
            renewed = replace(
                session,
                digest=digest_of(secret),
                previous=digest,
                renewed_us=now_us,
                expires_us=now_us + SESSION_SECONDS * 1_000_000,
            )
            await self._keep(renewed)
            return SignedIn(account, self._access(renewed), _text(renewed, secret))
        if compare_digest(session.previous, digest) and now_us - session.renewed_us < _GRACE_US:
            return SignedIn(account, self._access(session), None)
        await self.end([session.id])
        raise Unauthenticated

    def of(self, refresh_token: str) -> Session | None:
        """The session of a refresh token that is its newest, or was the one before."""
        session_id, _, secret = refresh_token.partition("_")
        session, digest = self._directory.session(session_id), digest_of(secret)
        if session is not None and (compare_digest(session.digest, digest) or compare_digest(session.previous, digest)):
            return session
        return None

    async def end(self, session_ids: Sequence[str]) -> None:
        if session_ids:
            self._directory.drop(session_ids)
            await self._repository.end_sessions(session_ids)

    async def end_all(self, account: str) -> None:
        await self.end([session.id for session in self._directory.sessions_of(account)])

    async def _keep(self, session: Session) -> None:
        # In memory first: of two requests with one token, the second must see that it was used.
        self._directory.hold(session)
        await self._repository.save_session(session)

    def _access(self, session: Session) -> str:
        return self._tokens.issue(session.account, session.id, self._clock.now_us())


def _text(session: Session, secret: str) -> str:
    return f"{session.id}_{secret}"
