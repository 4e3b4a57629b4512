"""Create a key."""

from dataclasses import dataclass, replace

from application.access.ports.key_repository import KeyRepository
from application.access.ports.secrets import Secrets
from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.ports.clock import Clock
from domain.access.api_key import NAME_LENGTH_MAX, PREFIXES_MAX, ApiKey, digest_of, key_text
from domain.access.role import Role
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """text: the key with its secret, which is not stored and cannot be shown again."""

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class CreateKey(Message[CreatedKey]):
    """prefixes: of the symbols that the key is limited to; none for all. expires_us: None for never."""

    name: str
    role: Role
    prefixes: tuple[str, ...] = ()
    expires_us: int | None = None


class CreateKeyValidator:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def validate(self, command: CreateKey) -> CreateKey:
        errors = []
        name = command.name.strip()
        if not (0 < len(name) <= NAME_LENGTH_MAX and name.isprintable()):
            errors.append(FieldError("name", "invalid_name", f"must be 1 to {NAME_LENGTH_MAX} printable characters"))
        prefixes = []
        too_many = len(command.prefixes) > PREFIXES_MAX
        for prefix in () if too_many else command.prefixes:
            try:
                prefixes.append(normalise_symbol(prefix))
            except InvalidSymbol as error:
                errors.append(FieldError("prefixes", "invalid_symbol", str(error)))
        if too_many:
            errors.append(FieldError("prefixes", "too_many", f"must be at most {PREFIXES_MAX}"))
        if prefixes and command.role is Role.ADMIN:
            errors.append(FieldError("prefixes", "contradiction", "must be none: an admin is limited to no symbols"))
        if command.expires_us is not None and command.expires_us <= self._clock.now_us():
            errors.append(FieldError("expires", "in_the_past", "must be in the future"))
        if errors:
            raise ValidationFailed(errors)
        return replace(command, name=name, prefixes=_needed(prefixes))


def _needed(prefixes: list[str]) -> tuple[str, ...]:
    """The prefixes, sorted, without those that another one covers."""
    needed: list[str] = []
    for prefix in sorted(prefixes):
        if not (needed and prefix.startswith(needed[-1])):
            needed.append(prefix)
    return tuple(needed)


class CreateKeyHandler:
    def __init__(self, repository: KeyRepository, secrets: Secrets, clock: Clock) -> None:
        self._repository = repository
        self._secrets = secrets
        self._clock = clock

    async def handle(self, command: CreateKey) -> CreatedKey:
        key_id, secret = self._secrets.identifier(), self._secrets.secret()
        now_us = self._clock.now_us()
        key = ApiKey(
            key_id, command.name, command.role, digest_of(secret), command.prefixes, now_us, command.expires_us
        )
        await self._repository.add(key)
        return CreatedKey(key, key_text(key_id, secret))
