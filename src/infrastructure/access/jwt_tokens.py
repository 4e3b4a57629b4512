"""Access tokens: JSON Web Tokens signed with HMAC-SHA-256.

Only this service reads what it has signed, so a shared secret does all that a key pair would, with one dependency less.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

_ISSUER = "marketdata"
_LEEWAY_US = 30_000_000
# Ours have some 350.
_TOKEN_LENGTH_MAX = 1024
_SECONDS = 300
# The library also takes padding.
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
_HEADER = {"alg", "kid", "typ"}
_REQUIRED = ["aud", "exp", "iat", "iss", "sid", "sub"]
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """algorithm: the only one that it is for. secret: 256 random bits."""

    id: str
    algorithm: str
    secret: bytes
    created_us: int


class JwtTokens:
    """The `Tokens`. The newest key signs; the ones before are still good for what they have signed."""

    seconds = _SECONDS

    def __init__(self) -> None:
        self._keys: dict[str, SigningKey] = {}
        self._newest: SigningKey | None = None

    def load(self, keys: Sequence[SigningKey]) -> None:
        """keys: the oldest first."""
        self._keys = {key.id: key for key in keys}
        self._newest = keys[-1]

    def issue(self, account: str, session_id: str, now_us: int) -> str:
        key = self._newest
        assert key is not None, "the keys are loaded before the service listens"
        now = now_us // 1_000_000
        claims = {"iss": _ISSUER, "aud": _ISSUER, "sub": account, "sid": session_id, "iat": now, "exp": now + _SECONDS}
        return jwt.encode(claims, key.secret, key.algorithm, {"kid": key.id})

    def read(self, text: str, now_us: int) -> tuple[str, str] | None:
        if len(text) > _TOKEN_LENGTH_MAX or not _FORM.match(text):
            return None
        try:
            header = jwt.get_unverified_header(text)
            key_id = header.get("kid")
            key = self._keys.get(key_id) if isinstance(key_id, str) else None
            # Nothing in a header is followed, so nothing else may be in it.
            if key is None or header.keys() != _HEADER:
                return None
            claims = jwt.decode(
                text,
                key.secret,
                algorithms=[key.algorithm],
                audience=_ISSUER,
                issuer=_ISSUER,
                # By the service's own clock, below.
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            # All that can be wrong with what somebody sends as a token.
            return None
        return _checked(claims, now_us)


def _checked(claims: dict[str, Any], now_us: int) -> tuple[str, str] | None:
    account, session_id, issued, expires = (claims[name] for name in ("sub", "sid", "iat", "exp"))
    if type(account) is not str or type(session_id) is not str or type(issued) is not int or type(expires) is not int:
        return None
    if issued * 1_000_000 > now_us + _LEEWAY_US or expires * 1_000_000 <= now_us - _LEEWAY_US:
        return None
    return account, session_id
