"""Readings over MQTT.

Messages are taken as they are there, many at a time, and submitted as one batch. A message of QoS 1 is acknowledged
once its reading is as safe as an answer over HTTP promises: accepted, or on disk where `storage.durability` is `sync`.
The broker sends what it has no acknowledgement of again over the next connection; such a repetition counts once.
"""

import asyncio
from collections.abc import Sequence

import structlog

from application.errors import Draining, FieldError, MarketDataError, Overloaded, StorageFailed, ValidationFailed
from application.mediator import Mediator
from application.ports.clock import Clock
from application.ports.processor import Patience
from application.processing.confirm_durability import ConfirmDurability
from application.processing.durability import Durability
from application.readings.commands.process_reading_batch import ProcessReadingBatch
from application.readings.commands.reading_rules import ReadingRules
from application.readings.ports.dead_readings import DeadReading
from domain.readings.reading import Reading
from domain.readings.readings import Readings
from infrastructure.feeds.mqtt.broker_session import BrokerSession, MqttError, Received
from infrastructure.feeds.mqtt.dead_readings import KeptDeadReadings
from infrastructure.feeds.mqtt.message_ids import MessageIds
from infrastructure.feeds.mqtt.mqtt_meter import MqttMeter
from infrastructure.feeds.mqtt.reading_messages import BadMessage, ReadingMessages, refused
from infrastructure.processing.admission import Admission, Share
from infrastructure.settings import MqttSettings

# Messages at once: decoding and submitting them takes about a turn of the event loop.
_BATCH_MAX = 512
_MESSAGE_BYTES = 128
_RETRY_SECONDS = 1.0
_RETRY_SECONDS_MAX = 30.0

_log = structlog.stdlib.get_logger(__name__)


class MqttFeed:
    """Messages that the broker has kept from before the subscription are skipped: they are no new readings.

    durable: whether messages are acknowledged once they are on disk.

    drain_seconds: how long what has been taken may take to be submitted, once the feed is cancelled.
    """

    def __init__(
        self,
        settings: MqttSettings,
        messages: ReadingMessages,
        rules: ReadingRules,
        mediator: Mediator,
        admission: Admission,
        ids: MessageIds,
        dead: KeptDeadReadings,
        clock: Clock,
        meter: MqttMeter,
        durable: bool,
        batch_max: int,
        drain_seconds: float,
    ) -> None:
        self._settings = settings
        self._messages = messages
        self._rules = rules
        self._mediator = mediator
        self._admission = admission
        self._share = Share()
        self._ids = ids
        self._dead = dead
        self._clock = clock
        self._meter = meter
        self._durable = durable
        self._batch_max = min(batch_max, _BATCH_MAX)
        self._drain_seconds = drain_seconds

    async def run(self) -> None:
        """Take messages until cancelled; connect again whenever the connection is lost."""
        wait_seconds = _RETRY_SECONDS
        while True:
            connections = self._meter.connections
            try:
                await self._listen()
            except MqttError as error:
                _log.warning("no connection to the MQTT broker; trying on", reason=str(error))
            finally:
                self._meter.connected = False
            if self._meter.connections > connections:
                wait_seconds = _RETRY_SECONDS
            await self._clock.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, _RETRY_SECONDS_MAX)

    async def _listen(self) -> None:
        async with BrokerSession(self._settings) as session:
            self._ids.connected()
            self._meter.connected = True
            self._meter.connections += 1
            _log.info("takes readings over MQTT", topic=self._settings.topic)
            while True:
                await session.wait()
                await self._enter()
                # Not to be lost half-way.
                taking = asyncio.ensure_future(self._take(session, session.take(self._batch_max)))
                try:
                    await asyncio.shield(taking)
                except asyncio.CancelledError:
                    await asyncio.wait([taking], timeout=self._drain_seconds)
                    taking.cancel()
                    raise
                self._meter.overflowed += session.overflowed
                session.overflowed = 0
                await self._clock.sleep(0)

    async def _enter(self) -> None:
        """Wait for this feed's turn."""
        while True:
            try:
                await self._admission.enter(self._share, self._batch_max * _MESSAGE_BYTES, patient=True)
            except Overloaded:
                await self._clock.sleep(_RETRY_SECONDS)
            else:
                return

    async def _take(self, session: BrokerSession, messages: list[Received]) -> None:
        """Submit messages, and acknowledge them."""
        began = self._clock.monotonic()
        fine: list[tuple[Received, Reading]] = []
        bad = 0
        latest_us = self._rules.latest_us()
        for each in messages:
            if each.retained:
                # From before the subscription, or taken then.
                self._meter.retained += 1
                continue
            self._meter.messages += 1
            try:
                reading = self._messages.read(each.topic, each.payload, self._clock.now_us())
                for error in self._rules.check(reading, latest_us):
                    raise refused(error)
            except BadMessage as error:
                bad += 1
                self._bury(each, error)
            else:
                fine.append((each, self._ids.identified(reading, each)))
        self._admission.spend(self._clock.monotonic() - began)
        try:
            await self._submit(fine, bad)
        except Draining:
            return
        except Exception as error:
            # The broker sends them again over the next connection.
            _log.exception("messages over MQTT failed")
            raise MqttError("the service failed") from error
        session.acknowledge(messages)

    def _bury(self, message: Received, error: BadMessage) -> None:
        self._meter.refuse(error.kind, error.reason)
        self._dead.add(self._clock.now_us(), message.topic, message.payload, error.reason)

    async def _submit(self, fine: Sequence[tuple[Received, Reading]], bad: int) -> None:
        """Return once everything is as safe as it is to be."""
        readings = [reading for _, reading in fine]
        errors = (FieldError("", "malformed", "is no reading"),) if bad else ()
        durability = Durability.DISK if self._durable else Durability.PROCESSED
        while readings or bad:
            try:
                result = await self._mediator.send(
                    ProcessReadingBatch(
                        Readings.of(readings),
                        range(len(readings)),
                        bad,
                        errors,
                        patience=Patience.UNLIMITED,
                        durability=durability,
                    )
                )
                self._bury_refused(fine, result.errors)
                return
            except ValidationFailed as error:
                self._bury_refused(fine, error.errors)
                break
            except StorageFailed as error:
                if error.taken:
                    break
                _log.warning("readings over MQTT wait", reason=str(error))
            except Draining:
                raise
            except MarketDataError as error:
                # Those that were taken have been, by their ids.
                readings = [reading for reading in readings if reading.id is not None]
                bad = 0
                _log.warning("readings over MQTT wait", reason=str(error))
            await self._clock.sleep(_RETRY_SECONDS)
        await self._confirm()

    async def _confirm(self) -> None:
        while self._durable:
            try:
                await self._mediator.send(ConfirmDurability())
            except StorageFailed as error:
                _log.warning("readings over MQTT are not on disk yet", reason=str(error))
                await self._clock.sleep(_RETRY_SECONDS)
            else:
                return

    def _bury_refused(self, fine: Sequence[tuple[Received, Reading]], errors: Sequence[FieldError]) -> None:
        """Bury what only the service as a whole could refuse, such as one sensor too many."""
        places = {error.index: error for error in errors if error.code != "malformed" and error.index is not None}
        for at, error in places.items():
            self._bury(fine[at][0], refused(error))


class DeadReadingReader:
    """The `ReadingReader` of this process."""

    def __init__(self, messages: ReadingMessages) -> None:
        self._messages = messages

    def reading(self, dead: DeadReading) -> Reading:
        try:
            return self._messages.read(dead.topic, dead.payload, dead.received_us)
        except BadMessage as error:
            raise ValidationFailed([FieldError("payload", error.kind, error.reason)]) from None
