"""That what looks for secrets at the end of all integration tests finds them."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.http.cookies import session_cookies
from infrastructure.access.argon2_passwords import Argon2Passwords
from infrastructure.access.jwt_tokens import JwtTokens, SigningKey
from infrastructure.access.random_secrets import RandomSecrets
from infrastructure.settings import Settings
from infrastructure.settings_loader import masked
from support.access import PASSWORD, SECRET, api_key, bearer, text_of
from support.canaries import CANARY, leaks
from support.service import ANSWERS, LOGS, Service

from .conftest import KEYS


def tokens() -> JwtTokens:
    made = JwtTokens()
    made.load([SigningKey("k1", "HS256", secrets.token_bytes(32), 0)])
    return made


SECRETS: dict[str, Callable[[], str]] = {
    "key": lambda: text_of(api_key()),
    "key that the service makes": lambda: f"md_{RandomSecrets().identifier()}_{RandomSecrets().secret()}",
    "password": lambda: PASSWORD,
    "invitation": lambda: RandomSecrets().secret(),
    "refresh token": lambda: f"{RandomSecrets().identifier()}_{RandomSecrets().secret()}",
    "access token": lambda: tokens().issue("ada", "1", 10**15),
    "cookie": lambda: str(session_cookies("x", 1, None, 1, secure=False)[0].to_header()),
    "private key": lambda: "-----BEGIN EC PRIVATE KEY-----",
    "database": lambda: "postgresql://me:hunter2@db/x",
    "hash": lambda: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_every_kind_of_secret_is_found_in_a_line_of_the_log(kind: str) -> None:
    for _ in range(20):
        assert leaks(json.dumps({"event": "request refused", "detail": f"of {SECRETS[kind]()}", "status": 401}))


async def test_hash_of_a_password_looks_as_it_is_looked_for() -> None:
    assert leaks(await Argon2Passwords().hash("x"))


def test_nothing_is_found_in_what_is_harmless() -> None:
    for text in (
        '{"method": "GET", "path": "/api/prices/A", "status": 404, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}',
        '{"reason": "the database postgresql://me:***@db:5432/x cannot be used"}',
        "postgresql://me:********@db/x postgresql://db:5432/x http://127.0.0.1:8000/api",
        "Send a valid key: Authorization: Bearer md_...",
        '{"storage": "/var/folders/test_of_a_long_name_that_has_43_characters_in_0/data"}',
    ):
        assert leaks(text) == []


def test_logs_and_problems_of_the_tests_are_watched(service: Service) -> None:
    assert service.log in LOGS
    before = len(ANSWERS)
    assert httpx.get(f"{service.url}/no/such").status_code == 404
    assert service.client.get(f"/api/prices/{CANARY}").status_code == 404
    problems = ANSWERS[before:]
    assert [bool(leaks(problem)) for problem in problems] == [False, True]
    del ANSWERS[before:]
    service.log.write_text(service.log.read_text().replace(CANARY, "").replace(CANARY.upper(), ""))


def test_settings_show_no_secret_however_they_are_shown() -> None:
    given: dict[str, Any] = {
        "server": {"tls_key_password": CANARY},
        "storage": {"url": f"postgresql://me:{CANARY}@db/x?password={CANARY}"},
        "telemetry": {"traces_endpoint": f"https://me:{CANARY}@collector/x?token={CANARY}"},
    }
    settings = Settings(**given)
    shown = [repr(settings), str(settings), f"{settings!r:>10}"]
    shown += [str(masked(getattr(section, name))) for _, section in settings for name in type(section).model_fields]
    assert [text for text in shown if leaks(text)] == []


def test_metrics_documents_and_statistics_have_no_secret(guarded: Service) -> None:
    admin = bearer(KEYS["admin"])
    for path in ("/metrics", "/api/metrics", "/health", "/schema/openapi.json", "/schema/asyncapi.json", "/schema"):
        answer = guarded.client.get(path, headers=admin)
        assert answer.status_code == 200, path
        assert leaks(answer.text) == [], path
    assert SECRET not in guarded.log.read_text()
