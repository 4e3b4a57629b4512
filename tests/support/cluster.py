"""A cluster on this machine: its brokers are real, and its members are processes of the service."""

import json
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.kafka.broker import Brokers

from api.subjects.registry import subjects_of
from infrastructure.cluster.clients import Clients
from infrastructure.cluster.owned_partition import read_to_end
from infrastructure.cluster.topics import Topics, create_topics
from infrastructure.settings_loader import load_settings
from support.service import Service, eventually, marketdata

# Members notice sooner than by default that another one is gone.
_COMMON = {"CLUSTER__SESSION_TIMEOUT_MS": "3000", "STORAGE__CHECKPOINT_INTERVAL_SECONDS": "1"}


class Cluster:
    """Members that share the brokers, under a cluster name of their own.

    kind: of the services. more_subjects: that they have besides those of the service. kafka: what clients of the
    brokers need. more: settings of all members.
    """

    def __init__(
        self,
        directory: Path,
        brokers: Brokers,
        partitions: int = 4,
        replication_factor: int = 1,
        kind: type[Service] = Service,
        more_subjects: Sequence[str] = (),
        kafka: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        self.brokers = brokers
        self.members: dict[str, Service] = {}
        # Also those that others have replaced.
        self._started: list[Service] = []
        self._directory = directory
        self._kind = kind
        self.settings = {
            **_COMMON,
            "CLUSTER__BROKERS": brokers.addresses,
            "CLUSTER__NAME": directory.name.lower().replace("[", "-").replace("]", "")[:40],
            "PROCESSING__PARTITIONS": str(partitions),
            **({} if kafka is None else {"CLUSTER__KAFKA": json.dumps(kafka)}),
            **more,
        }
        overrides: dict[str, dict[str, Any]] = {
            "cluster": {"brokers": brokers.addresses, "name": self.settings["CLUSTER__NAME"], "member": "tests"},
            "processing": {"partitions": partitions},
        }
        if kafka is not None:
            overrides["cluster"]["kafka"] = kafka
        settings = load_settings(overrides=overrides).settings
        self._clients, self._topics = Clients(settings), Topics(settings.cluster.name)
        names = [*(subject.name for subject in subjects_of(settings)), *more_subjects]
        create_topics(self._clients.admin(), self._topics, names, settings, replication_factor)

    def command(self, *arguments: str, **more: str) -> Any:
        """Run `marketdata cluster` to its end."""
        settings = {**self.settings, "CLUSTER__MEMBER": "operator", **more}
        return marketdata("cluster", *arguments, cwd=self._directory, **settings)

    def start(self, name: str, role: str = "all", **more: str) -> Service:
        """Start a member, or start it again."""
        directory = self._directory / name
        directory.mkdir(exist_ok=True)
        settings = {**self.settings, "CLUSTER__MEMBER": name, "CLUSTER__ROLE": role, **more}
        member = self.members[name] = self._kind(directory, **settings)
        self._started.append(member)
        return member

    def events(self, subject: str = "prices") -> list[str]:
        """The kind and the id of every event that is published, in order by partition."""
        reader = self._clients.reader()
        try:
            partitions = range(int(self.settings["PROCESSING__PARTITIONS"]))
            topic = self._topics.events(subject)
            return [key.decode() for each in partitions for key, _ in read_to_end(reader, topic, each)]
        finally:
            reader.close()

    def freeze(self, name: str) -> None:
        """Stop a member in the middle of what it does, as a long pause of its machine would."""
        self.members[name].process.send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.members[name].process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for member in self._started:
            # One that is frozen ends too: nothing holds back SIGKILL.
            member.__exit__(None, None, None)


def ready(service: Service) -> None:
    """Wait until a member does its work."""
    eventually(lambda: service.client.get("/health/ready").status_code == 200, 300)


def owners(service: Service, subject: str = "prices") -> dict[int, str]:
    """The owner of each partition, as a gateway has heard."""
    partitions = service.client.get("/health").json()["cluster"]["partitions"]
    return {each["partition"]: each["owner"] for each in partitions if each["subject"] == subject}


def processed(service: Service, ticks: int, seconds: float = 60.0) -> dict[str, Any]:
    """The accounts once so many ticks are processed or known, and nothing is queued."""

    def look() -> dict[str, Any] | None:
        accounts = service.accounts()
        seen = accounts["processed"] + accounts["duplicates"] + accounts["failed"]
        return accounts if seen >= ticks and accounts["queued"] == 0 else None

    found: dict[str, Any] = eventually(look, seconds)
    return found
