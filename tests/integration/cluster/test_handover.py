"""A worker is killed in the middle of a handover, and is back before the others have missed it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.kafka.broker import Brokers

from support.cluster import Cluster, owners, processed, ready
from support.service import environment, eventually

TESTS = Path(__file__).parents[2]


def test_no_partition_stays_without_an_owner(brokers: Brokers, cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    # Long enough for the killed worker to be back before it is missed.
    made = cluster(brokers, CLUSTER__SESSION_TIMEOUT_MS="8000")
    own = environment(**made.settings, CLUSTER__MEMBER="worker-1", CLUSTER__ROLE="worker")
    with subprocess.Popen(
        [sys.executable, "-m", "support.worker_killed_at_handover"],
        env=own | {"PYTHONPATH": str(TESTS)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as dying:
        assert dying.stdout is not None
        assert dying.stdout.readline() == "4\n"
        made.start("worker-2", "worker")
        assert dying.wait(60) == 1
    made.start("worker-1", "worker")
    gateway = made.start("gateway", "gateway")
    for member in made.members.values():
        ready(member)
    eventually(lambda: sorted(owners(gateway).values()) == ["worker-1"] * 2 + ["worker-2"] * 2, 100)
    for at in range(8):
        assert gateway.post({"symbol": f"S{at}", "price": 1}).status_code == 202
    assert processed(gateway, 8)["processed"] == 8
