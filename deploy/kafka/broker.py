"""Kafka brokers in processes of their own, without ZooKeeper (KRaft), on free loopback ports."""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deploy.kafka.jars import NoBroker, jars

_START_SECONDS = 180.0
_CLUSTER_ID = "bWFya2V0ZGF0YS10ZXN0cw"


class Broker:
    """One broker that is a controller too. Its data outlives `kill`.

    port, controller_port: where it listens. number: from 1. voters: the controllers of all brokers, `number@address`.
    protocol: what clients speak. more: properties that this needs.
    """

    def __init__(
        self,
        directory: Path,
        number: int,
        port: int,
        controller_port: int,
        voters: Sequence[str],
        protocol: str = "PLAINTEXT",
        more: Mapping[str, object] | None = None,
    ) -> None:
        self.address = f"127.0.0.1:{port}"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._java = ["java", "-Xmx384m", "-XX:+UseSerialGC", "-cp", f"{jars()}/*"]
        directory.mkdir(parents=True, exist_ok=True)
        self._properties = directory / "server.properties"
        own = {**_properties(directory, number, port, controller_port, voters, protocol), **(more or {})}
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in own.items()))
        if not (directory / "data").exists():
            self._format()

    @property
    def pid(self) -> int:
        assert self._process is not None, "it runs"
        return self._process.pid

    def start(self) -> None:
        """Start it, without waiting."""
        self._log = (self._directory / "broker.log").open("ab")
        command = [*self._java, "kafka.Kafka", str(self._properties)]
        self._process = subprocess.Popen(command, cwd=self._directory, stdout=self._log, stderr=subprocess.STDOUT)

    def wait(self) -> None:
        """Wait until it takes connections. Raises NoBroker."""
        deadline = time.monotonic() + _START_SECONDS
        host, _, port = self.address.partition(":")
        while True:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                process = self._process
                if process is None or process.poll() is not None or time.monotonic() > deadline:
                    reason = (self._directory / "broker.log").read_text()[-2000:]
                    raise NoBroker(f"the broker does not start:\n{reason}") from None
                time.sleep(0.05)

    def kill(self) -> None:
        """Send SIGKILL, and wait until it is gone."""
        self._end(gently=False)

    def stop(self) -> None:
        """Stop it in order."""
        self._end(gently=True)

    def _end(self, gently: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if gently:
            process.terminate()
        else:
            process.kill()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._log is not None:
            self._log.close()

    def _format(self) -> None:
        command = [*self._java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(self._properties)]
        done = subprocess.run(command, cwd=self._directory, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoBroker(f"the broker's storage cannot be formatted:\n{done.stdout}{done.stderr}")


class Brokers:
    """Some brokers that together are a cluster, and a context manager that ends them.

    protocol, more: see `Broker`.
    """

    def __init__(
        self,
        directory: Path,
        count: int = 1,
        protocol: str = "PLAINTEXT",
        more: Mapping[str, object] | None = None,
    ) -> None:
        ports = _free_ports(2 * count)
        voters = [f"{number}@127.0.0.1:{ports[count + number - 1]}" for number in range(1, count + 1)]
        self.all = [
            Broker(
                directory / f"broker-{number}",
                number,
                ports[number - 1],
                ports[count + number - 1],
                voters,
                protocol,
                more,
            )
            for number in range(1, count + 1)
        ]

    @property
    def addresses(self) -> str:
        """What `cluster.brokers` needs."""
        return ",".join(each.address for each in self.all)

    def __enter__(self) -> Self:
        try:
            for each in self.all:
                each.start()
            for each in self.all:
                each.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End all, without order: their data is not needed any more."""
        for each in self.all:
            each.kill()


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _properties(
    directory: Path, number: int, port: int, controller_port: int, voters: Sequence[str], protocol: str
) -> dict[str, object]:
    replicas = len(voters)
    return {
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"{protocol}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"{protocol}://127.0.0.1:{port}",
        "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{protocol}:{protocol}",
        "inter.broker.listener.name": protocol,
        "controller.listener.names": "CONTROLLER",
        "log.dirs": directory / "data",
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": min(replicas, 2),
        "group.initial.rebalance.delay.ms": 0,
        # A member that is gone is noticed sooner than a production cluster would.
        "group.min.session.timeout.ms": 1000,
        "controlled.shutdown.enable": "false",
    }
