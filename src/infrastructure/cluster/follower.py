"""Follows the topics that members read: a thread reads them, and hands what it has read to the event loop."""

import asyncio
import threading
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Protocol

import structlog
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from application.errors import Unavailable
from infrastructure.cluster.clients import Clients

_AT_ONCE = 2000
# `consume` waits so long for more, even where it has something.
_POLL_SECONDS = 0.01
_PAUSE_SECONDS = 1.0

_log = structlog.stdlib.get_logger(__name__)


class CatchingUp(Unavailable):
    """The read model has not been read to its end yet."""

    def __init__(self) -> None:
        super().__init__("This member is still reading what the others have published.")


class Followed(Protocol):
    """Takes the records of one topic, on the event loop."""

    def __call__(self, partition: int, records: "Sequence[FollowedRecord]", /) -> Awaitable[None]: ...


# Key, value, when the record was written, microseconds since the Unix epoch, and its offset.
FollowedRecord = tuple[bytes, bytes | None, int, int]


class Follower:
    """topics: what takes the records of each. partitions: of every topic. from_end: topics whose past is not read.

    failure: why what was read cannot be taken; None while it can.
    """

    def __init__(
        self, topics: Mapping[str, Followed], partitions: int, clients: Clients, from_end: Collection[str] = ()
    ) -> None:
        self.failure: str | None = None
        self._topics = topics
        self._clients = clients
        # Partitions that have not been read to their end yet.
        self._ahead = {(topic, partition) for topic in topics for partition in range(partitions)}
        self._next = {place: OFFSET_END if place[0] in from_end else OFFSET_BEGINNING for place in self._ahead}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def has_caught_up(self) -> bool:
        """Whether everything published before the start has been read."""
        return not self._ahead

    def check(self) -> None:
        """Raises CatchingUp."""
        if self._ahead:
            raise CatchingUp

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while not self._stopping.is_set():
            reader = self._clients.reader()
            try:
                reader.assign([TopicPartition(*place, offset) for place, offset in self._next.items()])
                self._follow(reader)
            except KafkaException as failure:
                _log.warning("the brokers do not answer", reason=str(failure))
            except Exception as failure:
                self.failure = type(failure).__name__
                _log.error("the read model cannot be followed", exc_info=failure)
            finally:
                reader.close()
            self._stopping.wait(_PAUSE_SECONDS)

    def _follow(self, reader: Consumer) -> None:
        assert self._loop is not None, "it has started"
        while not self._stopping.is_set():
            lines: dict[tuple[str, int], list[FollowedRecord]] = {}
            ended: set[tuple[str, int]] = set()
            for message in reader.consume(_AT_ONCE, _POLL_SECONDS):
                topic, partition, offset = message.topic(), message.partition(), message.offset()
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                assert topic is not None
                assert partition is not None
                assert offset is not None
                place = (topic, partition)
                if error is not None:
                    ended.add(place)
                    continue
                key = message.key()
                assert key is not None, "every record has a key"
                lines.setdefault(place, []).append((key, message.value(), message.timestamp()[1] * 1000, offset))
            self.failure = None
            if lines or ended & self._ahead:
                # The next records wait until these are taken.
                taken = asyncio.run_coroutine_threadsafe(self._hand_over(lines, ended), self._loop)
                while not self._stopping.is_set():
                    try:
                        taken.result(_POLL_SECONDS)
                        break
                    except TimeoutError:
                        continue

    async def _hand_over(
        self, lines: Mapping[tuple[str, int], Sequence[FollowedRecord]], ended: set[tuple[str, int]]
    ) -> None:
        for (topic, partition), records in lines.items():
            await self._topics[topic](partition, records)
            self._next[topic, partition] = records[-1][3] + 1
        if self._ahead:
            self._ahead -= ended
            if not self._ahead:
                _log.info("the read model has caught up")
