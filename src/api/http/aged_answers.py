"""Answers that tell their own age, and so differ in bytes from moment to moment while what they tell stays."""

import random
from hashlib import blake2b

from application.ports.clock import Clock


class AgedAnswers:
    """The time, and entity tags made of the state that an answer tells. Tags of another process are others."""

    def __init__(self, clock: Clock) -> None:
        self.now_us = clock.now_us
        self._generation = random.getrandbits(40)

    def headers(self, *state: object) -> dict[str, str]:
        """The headers of an answer. state: all that it depends on but its age, with an unambiguous `repr`."""
        digest = blake2b(repr((self._generation, state)).encode(), digest_size=8).hexdigest()
        return {"ETag": f'W/"{digest}"'}
