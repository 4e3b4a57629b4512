"""All keys in memory, so that a request is authenticated without a wait."""

from collections.abc import Callable, Iterable

from application.access.errors import Unauthenticated
from application.ports.clock import Clock
from domain.access.api_key import ApiKey, is_secret_of, read_key
from domain.access.principal import Principal


class Directory:
    """Tells who a key belongs to.

    Invariant: whatever was remembered of an answer of `authenticate` is forgotten by the callbacks of `on_change` as
    soon as `load` or `review` has been called after the answer changed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}
        self._changed: list[Callable[[], None]] = []
        self._used: dict[str, int] = {}

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever a key may have become invalid, and when keys in use are to authenticate again."""
        self._changed.append(callback)

    def load(self, keys: Iterable[ApiKey]) -> None:
        """Replace all keys."""
        self._keys = {key.id: key for key in keys}
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
        key = self._keys.get(key_id)
        now_us = self._clock.now_us()
        if not is_secret_of(key, secret) or key is None or not key.is_valid(now_us):
            raise Unauthenticated
        self._used[key_id] = now_us
        return key.principal

    def knows(self, principal: Principal) -> bool:
        """Whether a principal that has authenticated before still may."""
        key = self._keys.get(principal.id)
        return key is not None and key.is_valid(self._clock.now_us())

    def next_expiry_us(self) -> int | None:
        """Return when the next valid key expires."""
        now_us = self._clock.now_us()
        return min(
            (key.expires_us for key in self._keys.values() if key.expires_us and key.is_valid(now_us)), default=None
        )

    def take_used(self) -> dict[str, int]:
        """Return when keys were last used since the last call, by id."""
        used, self._used = self._used, {}
        return used
