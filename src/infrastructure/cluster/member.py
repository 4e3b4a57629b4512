"""This process as a member of a cluster: what it runs by its role, and how it starts and stops."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from application.ports.clock import Clock
from domain.rules.rule import Rule
from infrastructure.cluster.clients import Clients
from infrastructure.cluster.cluster_answers import ClusterAnswers
from infrastructure.cluster.cluster_desk import ClusterDesk
from infrastructure.cluster.cluster_journal import ClusterJournal
from infrastructure.cluster.follower import Followed, FollowedRecord, Follower
from infrastructure.cluster.history_writer import HistoryWriter
from infrastructure.cluster.log_producer import LogProducer
from infrastructure.cluster.read_model import ReadModel
from infrastructure.cluster.records import Position
from infrastructure.cluster.shared_rules import SharedRules
from infrastructure.cluster.topics import ClusterRefused, Topics, check_topics
from infrastructure.cluster.worker import Worker
from infrastructure.cluster.workers import Workers
from infrastructure.processing.placement import partition_of
from infrastructure.rules.registry import RuleRegistry
from infrastructure.settings import Settings
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import StoreRefused
from infrastructure.subject import Subject

_log = structlog.stdlib.get_logger(__name__)


class Member:
    """models: the read model of each subject, by name. worker: None on a gateway. rules: of the cluster. desk: where
    they and alerts are changed.

    The `Storage` of this process. store: of keys, accounts and the history, which all members share; None without any.
    """

    def __init__(
        self,
        settings: Settings,
        subjects: Sequence[Subject],
        store: SqlStore | None,
        clock: Clock,
        registry: RuleRegistry,
    ) -> None:
        self.settings = settings
        partitions, storage = settings.processing.partitions, settings.storage
        self.name = settings.member
        self._subjects = subjects
        self._store = store
        self._clock = clock
        if store is not None:
            store.is_shared = True
        self.history = (
            HistoryWriter(store, settings.cluster.name, clock) if store is not None and settings.keeps_history else None
        )
        self._topics = Topics(settings.cluster.name)
        self._clients = Clients(settings)
        self.models = {subject.name: ReadModel(subject, partitions) for subject in subjects}
        self.log = LogProducer(
            self._topics, self._clients, clock, settings.cluster.spool_max_ticks, settings.processing.max_hold_seconds
        )
        self.journal = ClusterJournal(self.log)
        self.answers = ClusterAnswers(
            self._topics.answers,
            partitions,
            self.log,
            clock,
            storage.answers_max,
            storage.ids_window_seconds,
            settings.processing.max_hold_seconds,
        )
        self.rules = SharedRules(registry)
        ruled = {name: model for name, model in self.models.items() if name in registry.subjects}
        self.desk = ClusterDesk(registry, self.rules, ruled, self.log, self._topics, clock)
        followed: dict[str, Followed] = {self._topics.rules: self.rules.read}
        if self.is_gateway:
            followed[self._topics.answers] = self.answers.read
            for subject in subjects:
                followed[self._topics.state(subject.name)] = _states_of(self.models[subject.name])
                followed[self._topics.events(subject.name)] = _events_of(self.models[subject.name])
            followed[self._topics.observed] = _observed_of(self.models)
        self.follower = Follower(followed, partitions, self._clients, from_end=(self._topics.observed,))
        self.worker: Workers | None = None
        if self.is_worker:
            self.worker = Workers(
                [
                    Worker(subject, self._topics, self._clients, settings, clock, self.history, self.rules)
                    for subject in subjects
                ]
            )

    @property
    def is_gateway(self) -> bool:
        return self.settings.cluster.is_gateway

    @property
    def is_worker(self) -> bool:
        return self.settings.cluster.is_worker

    async def start(self) -> None:
        """Raises StoreRefused, if this process cannot be a member."""
        names = [subject.name for subject in self._subjects]
        partitions = self.settings.processing.partitions
        try:
            await asyncio.to_thread(check_topics, self._clients.admin(), self._topics, names, partitions)
        except ClusterRefused as refused:
            raise StoreRefused(str(refused)) from None
        if self._store is not None:
            await self._store.open_beside()
        if self.is_gateway:
            self.log.start()
        self.follower.start()
        if self.history is not None:
            self.history.start()
        if self.worker is not None:
            self.worker.start()
        _log.info("member of a cluster", member=self.name, role=self.settings.cluster.role, partitions=partitions)

    async def stop(self) -> None:
        if self.worker is not None:
            await asyncio.to_thread(self.worker.stop, self.settings.processing.shutdown_deadline_seconds)
        await self.follower.stop()
        if self.is_gateway:
            await self.log.stop()
        if self._store is not None:
            await self._store.close()

    def alerting(self, subject: str, key: str) -> Sequence[Rule]:
        """Return the rules whose alerts about a key are open."""
        books = self.models[subject].books
        return self.rules.alerting(books[partition_of(key, len(books))].alerting(key))

    def positions(self, subject: str) -> Sequence[Position | None]:
        """Return how far each partition of a subject is: all of them on a gateway, else those of this worker."""
        if self.is_gateway or self.worker is None:
            return self.models[subject].positions
        owned = {each.index: each.position() for each in self.worker.owned if each.subject.name == subject}
        return [owned.get(index) for index in range(self.settings.processing.partitions)]

    def age_seconds(self) -> float:
        """Return by how much the read model is behind, at most."""
        now_us = self._clock.now_us()
        return max(model.age_us(now_us) for model in self.models.values()) / 1_000_000

    def problem(self) -> str | None:
        """Return why this member cannot do its work; None if it can."""
        if self.follower.failure is not None:
            return f"what others have published cannot be read: {self.follower.failure}"
        if self.worker is not None and self.worker.failure is not None:
            return f"the worker does not run: {self.worker.failure}"
        if self.is_worker and self.history is not None and self.history.failure is not None:
            return f"the history cannot be written: {self.history.failure}"
        if self.is_gateway and self.log.failure is not None:
            return f"the log cannot be written: {self.log.failure}"
        if self.is_gateway and not self.follower.has_caught_up:
            return "the read model has not caught up yet"
        return None


def _states_of(model: ReadModel) -> Followed:
    async def read(partition: int, records: Sequence[FollowedRecord]) -> None:
        model.read_states(partition, [(key, value) for key, value, _, _ in records])

    return read


def _observed_of(models: Mapping[str, ReadModel]) -> Followed:
    async def read(partition: int, records: Sequence[FollowedRecord]) -> None:
        for subject, value, _, _ in records:
            model = models.get(subject.decode())
            if model is not None and value is not None:
                model.read_observed(value)

    return read


def _events_of(model: ReadModel) -> Followed:
    async def read(partition: int, records: Sequence[FollowedRecord]) -> None:
        await model.read_events([(key, value) for key, value, _, _ in records])

    return read
