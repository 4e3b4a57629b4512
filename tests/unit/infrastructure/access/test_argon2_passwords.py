import asyncio

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from application.access.errors import AccessUnavailable
from infrastructure.access.argon2_passwords import Argon2Passwords


async def test_only_the_password_matches_its_hash() -> None:
    passwords = Argon2Passwords()
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.matches("correct horse", hashed)
    assert not await passwords.matches("correct horse ", hashed)


@pytest.mark.parametrize("hashed", [None, "", "plain text", "$argon2id$broken"])
async def test_without_a_hash_nothing_matches(hashed: str | None) -> None:
    passwords = Argon2Passwords(PasswordHasher.from_parameters(CHEAPEST))
    for password in ("", "plain text", "x" * 129, "\udcff"[:0]):
        assert not await passwords.matches(password, hashed)


async def test_more_than_a_few_at_once_are_refused() -> None:
    passwords = Argon2Passwords(PasswordHasher.from_parameters(CHEAPEST), waiting_max=4)
    done = await asyncio.gather(*(passwords.matches("x", None) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(each, AccessUnavailable) for each in done) == 6
    assert not await passwords.matches("x", None)
