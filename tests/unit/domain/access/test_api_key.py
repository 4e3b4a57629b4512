from dataclasses import replace

import pytest

from domain.access.api_key import NOBODYS_KEY, ApiKey, digest_of, key_text, opens, read_key
from domain.access.role import Role

KEY = ApiKey("0123456789abcdef", "desk", Role.FEEDER, digest_of("s" * 43), (), 1000)


def test_key_is_read_as_it_was_written() -> None:
    for secret in ("s" * 43, "_-" * 21 + "_"):
        assert read_key(key_text(KEY.id, secret)) == (KEY.id, secret)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "md_",
        "md__" + "s" * 43,
        "MD_0123456789abcdef_" + "s" * 43,
        "md_0123456789ABCDEF_" + "s" * 43,
        "md_0123456789abcdef_" + "s" * 42,
        "md_0123456789abcdef_" + "s" * 44,
        "md_0123456789abcdef_" + "s" * 42 + "=",
        "md_0123456789abcdef_" + "s" * 43 + "\n",
        " md_0123456789abcdef_" + "s" * 43,
        "md_0123456789abcdef_" + "\u017f" * 43,
        "md_\u0660123456789abcdef_" + "s" * 43,
    ],
)
def test_anything_else_is_no_key(text: str) -> None:
    assert read_key(text) is None


def test_only_its_own_id_and_secret_open_a_key() -> None:
    assert opens(KEY, KEY.id, "s" * 43)
    assert not opens(KEY, KEY.id, "s" * 42 + "t")
    assert not opens(KEY, KEY.id[:-1] + "0", "s" * 43)
    assert not NOBODYS_KEY.is_valid(0)


def test_key_is_valid_until_it_expires_or_is_revoked() -> None:
    assert KEY.is_valid(10**18)
    expiring = replace(KEY, expires_us=2000)
    assert (expiring.is_valid(1999), expiring.is_valid(2000)) == (True, False)
    assert not replace(KEY, revoked_us=1500).is_valid(1600)
