"""Ticks through a cluster whose members and brokers are killed, compared with one process that saw them all.

The sender waits for each answer and repeats a batch, on another gateway, until it is confirmed; every tick has an id.
`python -m support.chaos --help` repeats it for as long as wanted; a test does it once.
"""

import argparse
import csv
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
from deploy.kafka.broker import Brokers

from support.cluster import Cluster, processed, ready
from support.generated import write_recording
from support.service import Service, assert_balanced, eventually

GATEWAYS = ("gateway-1", "gateway-2")
WORKERS = ("worker-1", "worker-2", "worker-3")
_HEADERS = {"Prefer": "durable", "Content-Type": "application/json"}
# Without a database, members answer about the events that they have in memory.
_ALL_EVENTS = "1000000"
# A batch that is not confirmed in this time is reported as lost.
_SECONDS = 300.0


class Batch(NamedTuple):
    """body: JSON. ticks: how many are in it."""

    body: bytes
    ticks: int


def batches_of(recording: Path, size: int) -> Iterator[Batch]:
    """Batches of a recording, each tick with an id."""
    with recording.open(newline="") as stream:
        rows = enumerate(csv.DictReader(stream))
        while some := list(islice(rows, size)):
            ticks = [
                {"symbol": row["symbol"], "price": row["price"], "timestamp": row["timestamp"], "id": str(number)}
                for number, row in some
            ]
            yield Batch(msgspec.json.encode(ticks), len(ticks))


def send(gateways: Sequence[Service], batch: Batch, first: int) -> int:
    """Send a batch, again and again, until a gateway has confirmed it. Return how often it failed before."""
    deadline = time.monotonic() + _SECONDS
    failures = 0
    while True:
        gateway = gateways[(first + failures) % len(gateways)]
        try:
            answer = gateway.client.post("/api/prices/batch", content=batch.body, headers=_HEADERS)
            if answer.status_code == 200:
                assert answer.json()["rejected"] == 0, answer.text
                return failures
            assert answer.status_code in (503, 507), answer.text
        except httpx.HTTPError:
            pass
        failures += 1
        assert time.monotonic() < deadline, "a batch was never confirmed"
        time.sleep(0.05)


def everything(service: Service) -> dict[str, bytes]:
    """The bytes of every answer about prices, anomalies and moves."""
    symbols = [item["symbol"] for item in service.pages("/api/prices")]
    found = {"anomalies": b"", "moves": b""}
    for name in found:
        found[name] = b"".join(_pages(service, f"/api/{name}"))
    for symbol in symbols:
        path = symbol.replace("/", "%2F").replace("#", "%23")
        found[symbol] = service.client.get(f"/api/prices/{path}").content
    return found


def _pages(service: Service, path: str) -> Iterator[bytes]:
    cursor: str | None = ""
    while cursor is not None:
        answer = service.client.get(path, params={"limit": "1000", **({"cursor": cursor} if cursor else {})})
        yield answer.content
        cursor = answer.json()["nextCursor"]


@dataclass
class Killer:
    """Kills members and brokers at random moments, and starts them again. kills: what was killed."""

    cluster: Cluster
    chance: random.Random
    targets: Sequence[str]
    pause_seconds: tuple[float, float] = (1.0, 4.0)
    kills: list[str] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, count: int) -> None:
        """Kill so many, unless stopped."""
        for _ in range(count):
            if self._stopping.wait(self.chance.uniform(*self.pause_seconds)):
                return
            self.kill(self.chance.choice(self.targets))

    def stop(self) -> None:
        self._stopping.set()

    def kill(self, target: str) -> None:
        self.kills.append(target)
        if target == "broker":
            broker = self.chance.choice(self.cluster.brokers.all)
            broker.kill()
            time.sleep(self.chance.uniform(0, 1))
            broker.start()
            broker.wait()
            return
        self.cluster.members[target].kill()
        time.sleep(self.chance.uniform(0, 1))
        self.cluster.start(target, "gateway" if target in GATEWAYS else "worker")


def compare(
    directory: Path,
    brokers: Brokers,
    batches: Sequence[Batch],
    kills: int,
    seed: int,
    replication_factor: int = 1,
    targets: Sequence[str] = (*GATEWAYS, *WORKERS, "broker"),
    pause_seconds: tuple[float, float] = (1.0, 4.0),
) -> str:
    """Send batches through two gateways and three workers under kills, and through one process.

    Return what happened. Raises AssertionError if anything differs.
    """
    (directory / "alone").mkdir(parents=True)
    with Service(
        directory / "alone", PROCESSING__FULL_MODE="wait", PROCESSING__RECENT_ANOMALIES_CAPACITY=_ALL_EVENTS
    ) as alone:
        for number, batch in enumerate(batches):
            send([alone], batch, number)
        alone.settled()
        expected = everything(alone)
    ticks = sum(batch.ticks for batch in batches)
    with Cluster(
        directory,
        brokers,
        partitions=6,
        replication_factor=replication_factor,
        PROCESSING__RECENT_ANOMALIES_CAPACITY=_ALL_EVENTS,
    ) as cluster:
        for name in GATEWAYS:
            cluster.start(name, "gateway")
        for name in WORKERS:
            cluster.start(name, "worker")
        for name in (*GATEWAYS, *WORKERS):
            ready(cluster.members[name])
        killer = Killer(cluster, random.Random(seed), targets, pause_seconds)
        killing = threading.Thread(target=killer.run, args=(kills,))
        killing.start()
        failures, start = 0, time.monotonic()
        try:
            for number, batch in enumerate(batches):
                # As many ticks between two kills as between any others.
                while killing.is_alive() and number * (kills + 1) > len(batches) * (len(killer.kills) + 1):
                    time.sleep(0.01)
                # Read anew: a member that was killed has a successor at another address.
                failures += send(_Gateways(cluster), batch, number)
            sent_seconds = time.monotonic() - start
        finally:
            killer.stop()
            killing.join()
        for name in (*GATEWAYS, *WORKERS):
            ready(cluster.members[name])
        for name in GATEWAYS:
            gateway = cluster.members[name]
            # What the other gateway has taken last may not have been heard of yet.
            eventually(lambda asked=gateway: asked.accounts()["processed"] >= ticks, 120)  # type: ignore[misc]  # bound at once
            accounts = processed(gateway, ticks, 120)
            assert_balanced(accounts)
            assert accounts["processed"] == ticks, accounts
            found = everything(gateway)
            different = [key for key in expected | found if expected.get(key) != found.get(key)]
            sizes = [(key, len(expected.get(key, b"")), len(found.get(key, b""))) for key in different]
            assert not different, f"answers differ; with the bytes expected and found: {sizes[:5]}"
        anomalies = [each for each in cluster.events() if each.startswith("PriceAnomaly")]
        assert len(anomalies) == len(set(anomalies)), "an anomaly is published twice"
        assert len(anomalies) == expected["anomalies"].count(b'"id":'), "an anomaly is not published"
    told = ", ".join(killer.kills) or "nothing"
    return f"{ticks} ticks in {sent_seconds:.0f} s, {failures} posts repeated; killed: {told}; every answer is the same"


class _Gateways(Sequence[Service]):
    """The gateways as they are now."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __len__(self) -> int:
        return len(GATEWAYS)

    def __getitem__(self, at: Any) -> Any:
        return self._cluster.members[GATEWAYS[at]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recording", type=Path, help="a CSV file instead of a generated one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="marketdata-chaos-") as name:
        directory = Path(name)
        recording = chosen.recording
        if recording is None:
            recording = directory / "generated.csv"
            write_recording(recording, chosen.ticks, chosen.seed)
        batches = list(batches_of(recording, chosen.batch))
        with Brokers(directory / "kafka", chosen.brokers) as brokers:
            factor = min(chosen.brokers, 3)
            print(compare(directory / "run", brokers, batches, chosen.kills, chosen.seed, factor))  # noqa: T201
    sys.exit(0)


if __name__ == "__main__":
    main()
