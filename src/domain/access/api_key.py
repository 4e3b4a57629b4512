"""Keys for machines: `md_<key id>_<secret>`.

A secret is 256 random bits, so its SHA-256 is all that needs to be stored: there is nothing to guess that a slow hash
such as argon2 would protect, and a slow one would let anybody keep the service busy with wrong keys.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from domain.access.principal import Principal
from domain.access.role import Role

NAME_LENGTH_MAX = 64
PREFIXES_MAX = 100

# The length is fixed, so that scanners for leaked secrets find keys by their form.
_KEY = re.compile(r"md_([0-9a-f]{16})_([A-Za-z0-9_-]{43})\Z")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """digest: of the secret. prefixes: of the symbols that it is limited to. Moments are None as long as they do not
    apply.
    """

    id: str
    name: str
    role: Role
    digest: bytes
    prefixes: tuple[str, ...]
    created_us: int
    expires_us: int | None = None
    revoked_us: int | None = None
    last_used_us: int | None = None

    @property
    def principal(self) -> Principal:
        return Principal(self.id, self.name, self.role, self.prefixes)

    def is_valid(self, now_us: int) -> bool:
        return self.revoked_us is None and (self.expires_us is None or now_us < self.expires_us)


def key_text(key_id: str, secret: str) -> str:
    """A key as its owner sends it."""
    return f"md_{key_id}_{secret}"


def read_key(text: str) -> tuple[str, str] | None:
    """The id and the secret of a key; None if the text is not a key."""
    match = _KEY.match(text)
    return None if match is None else (match.group(1), match.group(2))


def digest_of(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def opens(key: ApiKey, key_id: str, secret: str) -> bool:
    """Whether an id and a secret are those of a key, in a time that does not tell how much of them is right."""
    return compare_digest(key.id.encode() + key.digest, key_id.encode() + digest_of(secret))


# No key has this id, which is behind all others, and no secret this digest.
NOBODYS_KEY = ApiKey("g", "", Role.VIEWER, bytes(32), (), 0, revoked_us=0)
