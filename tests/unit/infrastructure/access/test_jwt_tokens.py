import base64
import json
from typing import Any

import jwt
import pytest

from infrastructure.access.jwt_tokens import JwtTokens, SigningKey
from support.fakes import START_US

KEY = SigningKey("k1", "HS256", bytes(range(32)), START_US)
NOW = START_US // 1_000_000
CLAIMS: dict[str, Any] = {
    "iss": "marketdata",
    "aud": "marketdata",
    "sub": "ada",
    "sid": "1",
    "iat": NOW,
    "exp": NOW + 300,
}


@pytest.fixture
def tokens() -> JwtTokens:
    made = JwtTokens()
    made.load([KEY])
    return made


def signed(claims: dict[str, Any], key: bytes = KEY.secret, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, key, algorithm, {"kid": KEY.id, **header})


def test_own_token_is_read_until_half_a_minute_after_it_expires(tokens: JwtTokens) -> None:
    token = tokens.issue("ada", "1", START_US)
    for seconds in (-30, 0, 299, 329):
        assert tokens.read(token, START_US + seconds * 1_000_000) == ("ada", "1")
    for seconds in (-31, 330, 10**9):
        assert tokens.read(token, START_US + seconds * 1_000_000) is None
    assert tokens.read(signed(CLAIMS), START_US) == ("ada", "1")


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_every_claim_is_required(tokens: JwtTokens, name: str) -> None:
    assert tokens.read(signed({key: value for key, value in CLAIMS.items() if key != name}), START_US) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "other"),
        ("aud", "other"),
        ("aud", []),
        ("exp", NOW - 31),
        ("exp", NOW + 0.5),
        ("exp", True),
        ("exp", str(NOW + 300)),
        ("exp", None),
        ("iat", NOW + 31),
        ("iat", 10**30),
        ("iat", str(NOW)),
        ("sid", 1),
        ("sid", None),
        ("sid", {}),
    ],
)
def test_every_claim_is_checked_even_if_the_signature_is_good(tokens: JwtTokens, name: str, value: Any) -> None:
    assert tokens.read(signed({**CLAIMS, name: value}), START_US) is None


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "k2"},
        {"kid": ""},
        {"jku": "http://127.0.0.1:9/"},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"x5u": "http://127.0.0.1:9/"},
        {"x5c": ["AA"]},
        {"cty": "JWT"},
        {"crit": ["exp"]},
        {"x": 1},
    ],
    ids=str,
)
def test_nothing_else_may_be_in_a_header_even_if_the_signature_is_good(
    tokens: JwtTokens, header: dict[str, Any]
) -> None:
    assert tokens.read(signed(CLAIMS, **header), START_US) is None


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_algorithm_is_that_of_the_key(tokens: JwtTokens, algorithm: str) -> None:
    tokens.load([SigningKey("k1", "HS256", bytes(64), START_US)])
    assert tokens.read(signed(CLAIMS, bytes(64)), START_US) == ("ada", "1")
    assert tokens.read(signed(CLAIMS, bytes(64), algorithm), START_US) is None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "RS256", None, 1])
def test_token_without_our_signature_is_not_read(tokens: JwtTokens, algorithm: Any) -> None:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    good = signed(CLAIMS)
    head = part({"alg": algorithm, "kid": "k1", "typ": "JWT"})
    for signature in ("", good.rpartition(".")[2]):
        assert tokens.read(f"{head}.{part(CLAIMS)}.{signature}", START_US) is None


def test_another_key_and_a_changed_token_are_not_read(tokens: JwtTokens) -> None:
    assert tokens.read(signed(CLAIMS, bytes(32)), START_US) is None
    good = signed(CLAIMS)
    head, claims, signature = good.split(".")
    for changed in (
        f"{head}.{claims}x.{signature}",
        f"{head}.{claims}.{signature[:-2]}",
        f"{head}.{claims}.{signature}=",
        f"{head}.{claims}",
        good + "." + signature,
        good + "\u00e9",
        "x" * 100_000,
        "",
    ):
        assert tokens.read(changed, START_US) is None, changed


def test_newest_key_signs() -> None:
    tokens = JwtTokens()
    tokens.load([KEY, SigningKey("k2", "HS256", bytes(32), START_US)])
    assert jwt.get_unverified_header(tokens.issue("ada", "1", START_US))["kid"] == "k2"
