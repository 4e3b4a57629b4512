"""Members and brokers that do not trust the network: TLS and passwords between them, keys for those who call."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deploy.kafka.broker import Brokers

from support.canaries import CANARY
from support.cluster import Cluster, processed, ready
from support.postgres import Postgres
from support.secure_brokers import SecureBrokers, can_certify
from support.service import Service, eventually, marketdata

TICK = {"symbol": "A", "price": 100, "timestamp": 1769860800000, "id": "1"}


@pytest.fixture
def secure(brokers: Brokers, tmp_path: Path) -> Iterator[SecureBrokers]:
    """brokers: to be skipped where these are."""
    if not can_certify():
        assert "CI" not in os.environ, "OpenSSL is not installed"
        pytest.skip("OpenSSL is not installed")
    made = SecureBrokers(tmp_path / "secure")
    with made.brokers:
        yield made


def test_members_speak_tls_and_sign_in_to_the_brokers(secure: SecureBrokers, tmp_path: Path) -> None:
    with Cluster(tmp_path, secure.brokers, kafka=secure.client()) as made:
        member = made.start("only")
        ready(member)
        assert member.client.post("/api/prices", json=TICK, headers={"Prefer": "durable"}).status_code == 200
        processed(member, 1)
        status = made.command("status")
        assert (status.returncode, status.stderr) == (0, "")
        shown = marketdata("settings", cwd=tmp_path, CLUSTER__KAFKA=json.dumps(secure.client())).stdout
        assert "SASL_SSL" in shown
        refused = made.command("status", CLUSTER__KAFKA=json.dumps(secure.client(f"{CANARY}-of-nobody")))
        assert refused.returncode == 1
        assert "the brokers do not answer" in refused.stderr


def key_of(made: Cluster, directory: Path, role: str) -> str:
    created = marketdata("keys", "create", "--role", role, "x", cwd=directory, **made.settings)
    assert created.returncode == 0, created.stderr
    return next(word for word in created.stdout.split() if word.startswith("md_"))


def status_of(gateway: Service, key: str) -> int:
    return gateway.client.get("/api/prices", headers={"Authorization": f"Bearer {key}"}).status_code


def test_keys_hold_on_every_gateway_until_they_are_revoked(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres, tmp_path: Path
) -> None:
    made = cluster(brokers, STORAGE__URL=postgres.database("keys_of_a_cluster"), AUTH__ENABLED="true")
    key, others = key_of(made, tmp_path, "admin"), key_of(made, tmp_path, "admin")
    gateways = [made.start("gateway-1", "gateway"), made.start("gateway-2", "gateway")]
    made.start("worker", "worker")
    for gateway in gateways:
        eventually(lambda asked=gateway: status_of(asked, key) == 200, 60)  # type: ignore[misc]  # bound at once
        assert gateway.client.get("/api/prices").status_code == 401
        answer = gateway.client.post("/api/prices", json=TICK, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 202
    revoked = marketdata("keys", "revoke", key.split("_")[1], cwd=tmp_path, **made.settings)
    assert revoked.returncode == 0, revoked.stderr
    for gateway in gateways:
        eventually(lambda asked=gateway: status_of(asked, key) == 401)  # type: ignore[misc]  # bound at once
        assert status_of(gateway, others) == 200
