"""A cluster by its parts: CPU seconds for a million ticks by role, and idle, and how long a partition has no owner.

`python -m benchmarks.cluster [--ticks N] [--symbols N] [--partitions N] [--json FILE]`. Needs Java and Maven.

All members and the broker share this machine, so wall-clock rates say little; CPU seconds by role say how far each of
them scales: a core of gateways for every so many workers, as long as no topic's leader is the limit. That assumes that
ticks spread evenly over partitions, and batches of the size measured.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.kafka.broker import Brokers

from benchmarks.load import drive, request
from benchmarks.sides import Side, cpu_seconds, sides
from benchmarks.ticks import Walks

_PARTITIONS = 12
_BATCH = 1000
_CONNECTIONS = 4
_SESSION_MS = 3000
_SECONDS = 300.0
_REST_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=1_000_000)
    parser.add_argument("--symbols", type=int, default=100_000, help="of each partition that is handed over")
    parser.add_argument("--partitions", type=int, default=2, help="an even number: half of them are handed over")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found: dict[str, Any] = {}
    with TemporaryDirectory(prefix="marketdata-bench-") as name, Brokers(Path(name, "kafka")) as brokers:
        for workers in (1, 2, 4):
            found[f"{workers} workers"] = _cost(brokers, f"cost-{workers}", workers, chosen.ticks)
        found["handover"] = _handover(brokers, chosen.symbols, chosen.partitions)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


def _cost(brokers: Brokers, cluster: str, workers: int, ticks: int) -> dict[str, Any]:
    names = ["gateway", *(f"worker-{number}" for number in range(1, workers + 1))]
    common = _settings(brokers, cluster)
    with sides(*names, own={name: _own(name) for name in names}, **common) as members:
        _wait_for_owners(members[0], workers)
        walks = Walks(1000, 1000.0)
        bodies = [b"[" + b",".join(each.json for each in walks.take(_BATCH)) + b"]" for _ in range(ticks // _BATCH)]
        pids = [*(member.pid for member in members), brokers.all[0].pid]
        idle = _idle(pids)
        before, start = [cpu_seconds(pid) for pid in pids], time.monotonic()
        _post(members[0], bodies)
        _wait_until_processed(members[0], ticks)
        wall = time.monotonic() - start
        used = [cpu_seconds(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    millions = ticks / 1_000_000
    found = {
        "gateway": used[0] / millions,
        "workers": sum(used[1:-1]) / millions,
        "broker": used[-1] / millions,
        "ticks a second": ticks / wall,
        "idle": idle,
    }
    print(
        f"{workers} workers: CPU seconds for a million ticks: gateway {found['gateway']:.2f}, "
        f"workers together {found['workers']:.2f}, broker {found['broker']:.2f}; "
        f"{found['ticks a second']:,.0f} ticks/s on this machine; without any ticks, of a core: gateway {idle[0]:.1%}, "
        f"workers together {sum(idle[1:-1]):.1%}, broker {idle[-1]:.1%}",
        flush=True,
    )
    return found


def _idle(pids: Sequence[int]) -> list[float]:
    """The share of a core that each process takes while nothing comes."""
    time.sleep(_REST_SECONDS)
    before = [cpu_seconds(pid) for pid in pids]
    time.sleep(_REST_SECONDS)
    return [(cpu_seconds(pid) - earlier) / _REST_SECONDS for pid, earlier in zip(pids, before, strict=True)]


def _handover(brokers: Brokers, of_partition: int, partitions: int) -> dict[str, float]:
    """Add a worker, and kill it again: measure how long its partitions wait each time."""
    names = ["gateway", "worker-1"]
    symbols = of_partition * partitions
    common = _settings(brokers, "handover", partitions, PROCESSING__MAX_SYMBOLS=str(2 * symbols))
    with sides(*names, own={name: _own(name) for name in names}, **common) as members:
        _wait_for_owners(members[0], 1)
        walks = Walks(symbols, 1.0)
        bodies = [
            b"[" + b",".join(each.json for each in walks.take(_BATCH)) + b"]" for _ in range(2 * symbols // _BATCH)
        ]
        _post(members[0], bodies)
        _wait_until_processed(members[0], len(bodies) * _BATCH)
        # So that the checkpoints have all of them.
        time.sleep(3)
        with sides("worker-2", own={"worker-2": _own("worker-2")}, **common) as added:
            joined = _join(members[0], "worker-2")
            _wait_for_owners(members[0], 2)
            time.sleep(3)
            os.kill(added[0].pid, signal.SIGKILL)
            start = time.monotonic()
            _wait_for_owners(members[0], 1)
            wall = time.monotonic() - start
    found = {
        "symbols": of_partition,
        "partitions": partitions // 2,
        "to a new worker": joined,
        "seconds": wall,
        "of which session": _SESSION_MS / 1000,
    }
    print(
        f"{partitions // 2} partitions of {of_partition:,} symbols: {joined:.2f} s from a partition's assignment "
        f"to a new worker to its first publication, at most; {wall:.1f} s from a killed worker to the next "
        f"owner's first publication, "
        f"{_SESSION_MS / 1000:g} s of which are the session timeout",
        flush=True,
    )
    return found


def _join(gateway: Side, name: str) -> float:
    """Wait until a worker owns its share of the partitions. Return the longest time from assigned to published."""
    took: dict[int, float] = {}

    def joined() -> bool:
        for each in _partitions(gateway):
            if each["owner"] == name and each["partition"] not in took:
                since = datetime.fromisoformat(each["ownedSince"])
                took[each["partition"]] = (datetime.now(UTC) - since).total_seconds()
        return len(took) >= len(_partitions(gateway)) // 2

    _wait(joined)
    return max(took.values())


def _settings(brokers: Brokers, cluster: str, partitions: int = _PARTITIONS, **more: str) -> dict[str, str]:
    settings = {
        **more,
        "CLUSTER__BROKERS": brokers.addresses,
        "CLUSTER__NAME": cluster,
        "CLUSTER__SESSION_TIMEOUT_MS": str(_SESSION_MS),
        "PROCESSING__PARTITIONS": str(partitions),
        "STORAGE__CHECKPOINT_INTERVAL_SECONDS": "2",
    }
    environment = os.environ | {f"MARKETDATA_{key}": value for key, value in settings.items()}
    program = str(Path(sys.executable).with_name("marketdata"))
    create = [program, "cluster", "create-topics", "--replication-factor", "1"]
    subprocess.run(create, env=environment, check=True, stdout=subprocess.DEVNULL)
    return settings


def _own(name: str) -> dict[str, str]:
    return {"CLUSTER__MEMBER": name, "CLUSTER__ROLE": "gateway" if name == "gateway" else "worker"}


def _post(gateway: Side, bodies: Sequence[bytes]) -> None:
    requests = [request("/api/prices/batch", body) for body in bodies]
    drive(gateway.port, [requests[at::_CONNECTIONS] for at in range(_CONNECTIONS)])


def _partitions(gateway: Side) -> list[Mapping[str, Any]]:
    partitions: list[Mapping[str, Any]] = json.loads(gateway.get("/health"))["cluster"]["partitions"]
    return [each for each in partitions if each["subject"] == "prices"]


def _wait_for_owners(gateway: Side, workers: int) -> None:
    """Wait until so many workers own all partitions, and have published lately."""

    def owned() -> bool:
        found = _partitions(gateway)
        fresh = all(each["lagSeconds"] < 4 for each in found)
        return bool(found) and fresh and len({each["owner"] for each in found}) == workers

    _wait(owned)


def _wait_until_processed(gateway: Side, ticks: int) -> None:
    _wait(lambda: json.loads(gateway.get("/api/metrics"))["processed"] >= ticks)


def _wait(check: Any) -> None:
    deadline = time.monotonic() + _SECONDS
    while not check():
        if time.monotonic() > deadline:
            raise RuntimeError("the cluster does not come to rest")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
