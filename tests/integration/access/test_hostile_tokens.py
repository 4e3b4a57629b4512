"""Credentials that are wrong in some way: none is accepted, and none is an error of the service."""

import base64
import hashlib
import hmac
import json
import socket
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.access import SECRET, text_of
from support.service import Service

from .conftest import KEYS

GOOD = text_of(KEYS["admin"])
ID = KEYS["admin"].id
NOW = 1_800_000_000
CLAIMS = {"iss": "marketdata", "aud": "marketdata", "sub": "admin", "role": "admin", "iat": NOW, "exp": NOW + 10**9}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def jwt(header: dict[str, Any], claims: dict[str, Any] | None = None, key: bytes = b"", digest: str = "sha256") -> str:
    """A JSON Web Token, signed with HMAC whatever its header says."""
    signed = (
        f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(CLAIMS if claims is None else claims).encode())}"
    )
    return f"{signed}.{encoded(hmac.new(key, signed.encode(), digest).digest())}"


def unsigned(algorithm: Any) -> str:
    return jwt({"alg": algorithm, "typ": "JWT"}).rpartition(".")[0] + "."


HS = {"alg": "HS256", "typ": "JWT"}
PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
UNSIGNED: tuple[Any, ...] = (None, 0, [], ["none"], {}, True)
BEARERS = {
    **{f"alg {name}": unsigned(name) for name in map("".join, product("nN", "oO", "nN", "eE"))},
    **{f"alg {name}": unsigned(name) for name in ("none ", "", " none", "nonE\0", "non\u0435", "N\u00d6NE", "NONE\n")},
    **{f"alg is {name!r}": unsigned(name) for name in UNSIGNED},
    "no alg": unsigned("none").replace(encoded(b'{"alg": "none", "typ": "JWT"}'), encoded(b'{"typ": "JWT"}')),
    "alg none with a signature": jwt({"alg": "none"}),
    "no signature": jwt(HS).rpartition(".")[0],
    "empty signature": jwt(HS).rpartition(".")[0] + ".",
    "empty key": jwt(HS, key=b""),
    "key of one byte": jwt(HS, key=b"\0"),
    "key of 32 zeros": jwt(HS, key=bytes(32)),
    "key that is a word": jwt(HS, key=b"secret"),
    "key that is our name": jwt(HS, key=b"marketdata"),
    "key that is an API key's hash": jwt(HS, key=hashlib.sha256(SECRET.encode()).digest()),
    "HS256 with a public key": jwt(HS, key=PUBLIC_KEY),
    "RS256 signed as HS256": jwt({"alg": "RS256"}, key=PUBLIC_KEY),
    "ES256 of zeros": jwt({"alg": "ES256"}).rpartition(".")[0] + "." + encoded(bytes(64)),
    "EdDSA of zeros": jwt({"alg": "EdDSA"}).rpartition(".")[0] + "." + encoded(bytes(64)),
    "PS256": jwt({"alg": "PS256"}, key=PUBLIC_KEY),
    **{f"HS{bits}": jwt({"alg": f"HS{bits}"}, digest=f"sha{bits}") for bits in (384, 512)},
    **{f"{name} signed as HS512": jwt({"alg": name}, key=PUBLIC_KEY, digest="sha512") for name in ("RS512", "ES512")},
    "kid of a file": jwt({**HS, "kid": "../../../../dev/null"}),
    "kid with SQL": jwt({**HS, "kid": "' OR '1'='1"}),
    "kid with a command": jwt({**HS, "kid": "| id"}),
    "kid of a number": jwt({**HS, "kid": 1}),
    "kid of a list": jwt({**HS, "kid": ["a"]}),
    "kid of null": jwt({**HS, "kid": None}),
    "kid with a zero byte": jwt({**HS, "kid": "a\0b"}),
    "kid of 10 kB": jwt({**HS, "kid": "k" * 10_000}),
    "jku": jwt({**HS, "jku": "http://127.0.0.1:9/keys.json"}),
    "jwk": jwt({**HS, "jwk": {"kty": "oct", "k": encoded(b"secret")}}, key=b"secret"),
    "x5u": jwt({**HS, "x5u": "http://127.0.0.1:9/cert.pem"}),
    "x5c": jwt({**HS, "x5c": ["AAAA"]}),
    "crit": jwt({**HS, "crit": ["exp"]}),
    "crit of nothing": jwt({**HS, "crit": []}),
    "b64 false": jwt({**HS, "b64": False, "crit": ["b64"]}),
    "wrong audience": jwt(HS, {**CLAIMS, "aud": "other"}),
    "no audience": jwt(HS, {key: value for key, value in CLAIMS.items() if key != "aud"}),
    "wrong issuer": jwt(HS, {**CLAIMS, "iss": "other"}),
    "expired": jwt(HS, {**CLAIMS, "exp": 1}),
    "far future": jwt(HS, {**CLAIMS, "iat": 10**12, "nbf": 10**12}),
    "exp in the far future": jwt(HS, {**CLAIMS, "exp": 10**15}),
    "expired before it was issued": jwt(HS, {**CLAIMS, "iat": NOW, "exp": NOW - 1}),
    "audiences, one of them ours": jwt(HS, {**CLAIMS, "aud": ["other", "marketdata"]}),
    "no issuer": jwt(HS, {key: value for key, value in CLAIMS.items() if key != "iss"}),
    "exp is a word": jwt(HS, {**CLAIMS, "exp": "never"}),
    "exp is huge": jwt(HS, {**CLAIMS, "exp": 10**400}),
    "exp is missing": jwt(HS, {"sub": "admin"}),
    "claims are empty": jwt(HS, {}),
    "100 kB": jwt(HS, {**CLAIMS, "x": "y" * 100_000}),
    "nested 5000 deep": f"{encoded(b'[' * 5000)}.{encoded(b'[' * 5000)}.AA",
    "header is a list": f"{encoded(b'[]')}.{encoded(b'{}')}.",
    "header is not JSON": f"{encoded(b'x')}.{encoded(b'y')}.{encoded(b'z')}",
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "five parts (JWE)": "a.b.c.d.e",
    "only dots": "..",
    "one dot": ".",
    "key of another": text_of(KEYS["admin"], "t" * 43),
    "key of nobody": text_of(KEYS["admin"]).replace(ID, "f" * 16),
    "key without its end": GOOD[:-1],
    "key with more": GOOD + "A",
    "key with padding": GOOD + "=",
    "key in capitals": GOOD.upper(),
    "key with capital digits": GOOD.replace(ID, "A" * 16),
    "key with another prefix": "mk" + GOOD[2:],
    "key without its secret": f"md_{ID}_",
    "key without its id": f"md__{SECRET}",
    "key with a dash": GOOD.replace("_", "-"),
    "key twice": f"{GOOD},{GOOD}",
    "key twice with a space": f"{GOOD} {GOOD}",
    "key in quotes": f'"{GOOD}"',
    "key behind a tab": f"\t{GOOD}",
    "key with a zero width space": GOOD + "\u200b",
    "percent-encoded": GOOD.replace("_", "%5f"),
    "hash instead of the secret": f"md_{ID}_{encoded(hashlib.sha256(SECRET.encode()).digest())}",
    "base64 of the key": encoded(GOOD.encode()),
    "nothing": "",
    "null": "null",
    "undefined": "undefined",
    "a star": "*",
    "true": "true",
    "SQL": "md_' OR 1=1 --_",
    "emoji": "\U0001f511",
    "ASCII controls": "\x01\x02",
    "latin-1": "\xff" * 40,
}
HEADERS: dict[str, list[str]] = {
    **{name: [f"Authorization: Bearer {token}"] for name, token in BEARERS.items()},
    "no scheme": [f"Authorization: {GOOD}"],
    "another scheme": [f"Authorization: Basic {GOOD}"],
    "Basic with the key": ["Authorization: Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()],
    "Token": [f"Authorization: Token {GOOD}"],
    "Digest": [f'Authorization: Digest username="{ID}", response="{SECRET}"'],
    "scheme without a space": [f"Authorization: Bearer{GOOD}"],
    "scheme with an equals sign": [f"Authorization: Bearer={GOOD}"],
    "scheme with a tab": [f"Authorization: Bearer\t{GOOD}"],
    "empty header": ["Authorization:"],
    "two headers, the good one first": [f"Authorization: Bearer {GOOD}", "Authorization: Bearer x"],
    "two headers, the good one last": ["Authorization: Bearer x", f"Authorization: Bearer {GOOD}"],
    "two headers, both good": [f"Authorization: Bearer {GOOD}"] * 2,
    "Proxy-Authorization": [f"Proxy-Authorization: Bearer {GOOD}"],
    "X-Api-Key": [f"X-Api-Key: {GOOD}"],
    "a cookie": [f"Cookie: access={GOOD}; token={GOOD}"],
    "a forwarded address": ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: ::1"],
    "another method": ["X-HTTP-Method-Override: OPTIONS"],
    "another path": ["X-Original-URL: /health/live", "X-Rewrite-URL: /health/live"],
    "name with an underscore": [f"Authorization_: Bearer {GOOD}"],
    "folded": ["Authorization: Bearer", f" {GOOD}"],
    "in a trailer": ["TE: trailers", "Trailer: Authorization"],
}


def first_line(service: Service, request: str, lines: list[str], body: bytes = b"") -> bytes:
    """The status line of the answer to a request, byte by byte."""
    head = "\r\n".join([f"{request} HTTP/1.1", "Host: x", *lines, "Connection: close", "", ""])
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(head.encode("utf-8", "surrogateescape") + body)
        with connection.makefile("rb") as answer:
            return answer.readline()


def test_there_are_enough_of_them_and_the_right_one_is_accepted(guarded: Service) -> None:
    assert len(HEADERS) >= 100
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert first_line(guarded, "GET /api/prices", [f"Authorization: {scheme} {GOOD}"]) == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("name", HEADERS)
def test_no_hostile_credentials_are_accepted(guarded: Service, name: str) -> None:
    socket_lines = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + base64.b64encode(bytes(16)).decode(),
    ]
    tick = b'{"symbol":"A","price":1}'
    post = ["Content-Type: application/json", f"Content-Length: {len(tick)}"]
    for found in (
        first_line(guarded, "GET /api/prices", HEADERS[name]),
        first_line(guarded, "GET /metrics", HEADERS[name]),
        first_line(guarded, "GET /api/stream", HEADERS[name]),
        first_line(guarded, "POST /api/prices", [*HEADERS[name], *post], tick),
        first_line(guarded, "GET /ws", [*HEADERS[name], *socket_lines]),
    ):
        assert found.split()[1] in (b"400", b"401", b"431"), (name, found)


def test_no_secret_of_them_is_in_the_log(guarded: Service) -> None:
    log = guarded.log.read_text()
    assert log.count('"status": 401') > 3
    for secret in (SECRET, GOOD, "Traceback"):
        assert secret not in log
