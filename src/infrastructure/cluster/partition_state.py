"""What the owner of a partition knows: its book, the ids it has seen and its accounts, all as of one offset.

Everything here follows from the records of the log alone, in their order: whoever applies them, whenever, comes to the
same states, the same events with the same ids, and the same decisions about duplicates. No clock is read; the time of a
record is when it joined the log.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from domain.columns import Columns, numbered
from domain.rules.alert import Alert
from infrastructure.cluster.partition_rules import books_of, keys_of
from infrastructure.cluster.pending_history import PendingHistory
from infrastructure.cluster.records import (
    ALERT_CHANGED,
    CHECKPOINT,
    CHECKPOINTS,
    FORGET,
    FORGOTTEN,
    KEY,
    MOMENT,
    OWN_RULES,
    POSITION,
    RULES_CHANGED,
    SEEN,
    Accounts,
    Checkpoint,
    PublicState,
    ids_key,
    pack,
)
from infrastructure.processing.seen_ids import SeenIds
from infrastructure.subject import Subject

# Observations applied at once.
_BATCH = 4096
_LOGGED_KEYS_MAX = 1000
# Ids in a record: with the longest ids it is still smaller than the brokers' limit.
_PIECE = 1000

_log = structlog.stdlib.get_logger(__name__)

# Key and value of a record to write; without a value, the key is deleted.
Entry = tuple[bytes, bytes | None]


class RecordsMissing(Exception):
    """The log does not go on where the states end. The message says where."""


class LogRecord(NamedTuple):
    """time_us: when it joined the log. kind: see `records`. request: names the request that it is a part of, if any."""

    offset: int
    time_us: int
    value: bytes
    kind: bytes | None = None
    request: bytes | None = None


class PartitionState:
    """offset: the next record to apply. published: records before this one are published already.

    keys_max: new keys beyond that are rejected. history: takes what is applied; None if there is none.
    has_forgotten, has_alerts: whether a key was, or an alert changed, since the last checkpoint. rules: None if there
    can be none about the subject.
    """

    def __init__(
        self,
        subject: Subject,
        index: int,
        keys_max: int,
        ids_max: int,
        ids_window_seconds: float,
        history: PendingHistory | None = None,
    ) -> None:
        self.offset = 0
        self.published = 0
        self.history = history
        self.has_forgotten = False
        self.has_alerts = False
        self.accounts = Accounts()
        self.book, self.rules = books_of(subject, lambda: self.now_us)
        self._subject = subject
        self._index = index
        self._keys_max = keys_max
        self._ids_max = ids_max
        self._ids = SeenIds(ids_max, ids_window_seconds)
        self.now_us = 0
        # Keys that came since the last `apply_waiting`, and are not in the book yet.
        self._new_keys: set[str] = set()
        # What has changed since it was last taken, in order: for readers, and for the next checkpoint.
        self._changed: dict[str, None] = {}
        self._dirty: dict[str, None] = {}
        self._events: list[Entry] = []
        self._notices: dict[str, list[tuple[str, bytes]]] = {}
        self._observed: list[Entry] = []
        # Changes of alerts that were possible, by key.
        self._done: dict[str, list[int]] = {}
        self._new_ids: list[tuple[str, int]] = []
        # Stored pieces of ids: number, how many are in it, time of the newest.
        self._pieces: deque[tuple[int, int, int]] = deque()
        self._next_piece = 0
        self._logged: set[str] = set()
        # The version of the rules in the checkpoint.
        self._rules_stored = 0

    @property
    def has_changes(self) -> bool:
        return bool(self._changed or self._events)

    def restore(self, entries: Mapping[bytes, bytes]) -> None:
        """Restore the newest checkpoint, from the latest values of its topic."""
        # Something may be published before there is a checkpoint.
        self.published = int(entries.get(POSITION, b"0"))
        stored = entries.get(CHECKPOINT)
        if stored is None:
            return
        checkpoint = CHECKPOINTS.decode(stored)
        self.offset, self.now_us, self.accounts = checkpoint.offset, checkpoint.now_us, checkpoint.accounts
        if self.rules is not None:
            self.rules.restore(entries.get(OWN_RULES))
        for name, payload in entries.items():
            if name.startswith(KEY):
                key = name[len(KEY) :].decode()
                self.book.restore(key, self._subject.log.decode_checkpoint(key, payload))
        if self.rules is not None:
            self._dirty.update(dict.fromkeys(self.rules.restored()))
        self._next_piece = checkpoint.ids_next
        for piece in range(checkpoint.ids_first, checkpoint.ids_next):
            seen = SEEN.decode(entries[ids_key(piece)])
            self._ids.restore(seen)
            self._pieces.append((piece, len(seen), seen[-1][1]))

    def apply(self, records: Sequence[LogRecord]) -> None:
        """Apply records of the log in order. Those that are applied already are skipped.

        Raises:
            RecordsMissing: the first of them is not the next one.
        """
        waiting: Columns | None = None
        for record in records:
            if record.offset < self.offset:
                continue
            if record.offset > self.offset:
                raise RecordsMissing(f"the next record is {self.offset}, and the log goes on with {record.offset}")
            if record.time_us > self.now_us:
                if self.rules is not None and self.rules.watches_clock:
                    # What comes of an observation depends on its own time.
                    self._apply(waiting)
                    waiting = None
                self.now_us = record.time_us
            if record.kind is not None:
                self._apply(waiting)
                waiting = None
                self.offset += 1
                self._obey(record.kind, record.value)
            else:
                admitted = self._admit(record)
                self.offset += 1
                if waiting is None:
                    waiting = admitted
                elif admitted is not None:
                    waiting.extend(admitted)
            # What is published already is applied apart from what is not, and what is in the history likewise.
            known = self.offset == self.published or (self.history is not None and self.offset == self.history.upto)
            if known or (waiting is not None and len(waiting) >= _BATCH):
                self._apply(waiting)
                waiting = None
        self._apply(waiting)

    def publication(self) -> tuple[list[Entry], list[Entry]]:
        """Take what readers have to know: entries of the read model, and events."""
        states: list[Entry] = []
        book, public = self.book, self._subject.public
        for key in self._changed:
            value = None
            if key in book:
                snapshot = public.encode_snapshot(book.snapshot(key))
                notices = self._notices.get(key, [])
                alerting = [] if self.rules is None else self.rules.alerting(key)
                done = self._done.get(key, [])
                value = pack(
                    PublicState(book.update_count(key), book.newest_us(key), snapshot, notices, alerting, done)
                )
            states.append((KEY + key.encode(), value))
        events, self._events = self._events, []
        self._changed, self._notices, self._done = {}, {}, {}
        return states, events

    def observed(self) -> list[Entry]:
        """Take the observations since the last call, if the subject has those who watch them."""
        observed, self._observed = self._observed, []
        return observed

    def checkpoint(self) -> list[Entry]:
        """Take what has changed since the last checkpoint, ready for the next one."""
        book, log = self.book, self._subject.log
        self.has_forgotten = self.has_alerts = False
        entries: list[Entry] = [
            (KEY + key.encode(), log.encode_checkpoint(book.checkpoint(key)) if key in book else None)
            for key in self._dirty
        ]
        self._dirty = {}
        if self.rules is not None and self.rules.version != self._rules_stored:
            self._rules_stored = self.rules.version
            entries.append((OWN_RULES, self.rules.checkpoint()))
        entries += self._checkpoint_ids()
        first = self._pieces[0][0] if self._pieces else self._next_piece
        checkpoint = Checkpoint(self.offset, self.now_us, first, self._next_piece, self.accounts)
        entries.append((CHECKPOINT, pack(checkpoint)))
        return entries

    def _checkpoint_ids(self) -> Iterator[Entry]:
        """Store the ids that came, and delete the pieces of which nothing is remembered."""
        new, self._new_ids = self._new_ids, []
        for at in range(0, len(new), _PIECE):
            number, seen = self._next_piece, new[at : at + _PIECE]
            self._next_piece = number + 1
            self._pieces.append((number, len(seen), seen[-1][1]))
            yield ids_key(number), pack(seen)
        oldest_us = self.now_us - self._ids.window_us
        count = sum(piece[1] for piece in self._pieces)
        while self._pieces and (count - self._pieces[0][1] >= self._ids_max or self._pieces[0][2] < oldest_us):
            number, length, _ = self._pieces.popleft()
            count -= length
            yield ids_key(number), None

    def _admit(self, record: LogRecord) -> Columns | None:
        """Decode the observations of a record, and return those that are to be applied."""
        columns = self._subject.log.decode(record.value)
        accounts, count = self.accounts, len(columns)
        accounts.received += count
        if record.request is not None:
            name = f"\n{record.request.decode()}"
            if not self._ids.add(name, self.now_us):
                accounts.duplicates += count
                return None
            self._new_ids.append((name, self.now_us))
        if refused := self._over_limit(columns.keys):
            columns = columns.without({at for at, key in enumerate(columns.keys) if key in refused})
            accounts.rejected += count - len(columns)
        if columns.ids is not None:
            columns = self._without_duplicates(columns)
        return columns if len(columns) else None

    def _over_limit(self, keys: list[str]) -> set[str]:
        """Return the new keys for which there is no room."""
        refused: set[str] = set()
        for key in dict.fromkeys(keys):
            if key not in self.book and key not in self._new_keys:
                if len(self.book) + len(self._new_keys) >= self._keys_max:
                    refused.add(key)
                else:
                    self._new_keys.add(key)
        return refused

    def _without_duplicates(self, columns: Columns) -> Columns:
        known = set(self._ids.register(columns, self.now_us))
        names = zip(columns.keys, columns.ids or (), strict=True)
        self._new_ids += [
            (f"{key}\n{own_id}", self.now_us)
            for at, (key, own_id) in enumerate(names)
            if own_id is not None and at not in known
        ]
        self.accounts.duplicates += len(known)
        return columns.without(known) if known else columns

    def _apply(self, columns: Columns | None) -> None:
        if columns is None:
            return
        keys = dict.fromkeys(columns.keys)
        applied = self.book.apply(columns)
        self._new_keys.clear()
        self._changed.update(keys)
        self._dirty.update(keys)
        accounts = self.accounts
        accounts.processed += applied.processed
        accounts.failed += len(applied.failures)
        accounts.late += applied.late
        accounts.events += len(applied.events)
        self.has_alerts = self.has_alerts or any(isinstance(each, Alert) for each in applied.updates)
        if self.offset > self.published:
            for event in (*applied.events, *applied.updates):
                self._publish(event)
            if self._subject.is_observed:
                payload = self._subject.log.encode(*numbered(columns.keys), columns)
                self._observed.append((self._subject.name.encode(), payload))
        if self.history is not None and self.offset > self.history.upto:
            self.history.record(columns, applied)
        for key, failure in (*applied.failures, *applied.troubles):
            if key not in self._logged and len(self._logged) < _LOGGED_KEYS_MAX:
                self._logged.add(key)
                _log.error("observation failed", key=key, partition=self._index, exc_info=failure)

    def _publish(self, event: Any) -> None:
        public = self._subject.public
        key = public.noticed_key(event)
        if key is not None:
            self._notices.setdefault(key, []).append(public.encode_notice(event))
            return
        identity, payload = public.encode_event(event)
        self._events.append((identity.encode(), payload))

    def _obey(self, kind: bytes, value: bytes) -> None:
        """Do what a record asks for that holds no observations."""
        if kind == FORGET:
            self._forget(value.decode())
        elif self.rules is None:
            _log.error("there are no rules about this subject", kind=kind, partition=self._index)
        elif kind == RULES_CHANGED:
            alerts, keys = self.rules.change(value)
            self._dirty.update(dict.fromkeys(keys))
            self._take_alerts(alerts)
        elif kind == ALERT_CHANGED:
            changed = self.rules.change_alert(value)
            if changed is not None:
                self._done.setdefault(changed.key, []).append(self.offset - 1)
                self._take_alerts([changed])
        elif kind == MOMENT:
            try:
                self._take_alerts(self.rules.advance())
            except Exception:
                # Every owner would fail in the same way, for ever.
                _log.exception("a rule failed", partition=self._index)

    def _take_alerts(self, alerts: Sequence[Alert]) -> None:
        """Take changes of alerts that come of no observation."""
        if not alerts:
            return
        keys = keys_of(alerts)
        self._changed.update(keys)
        self._dirty.update(keys)
        self.has_alerts = True
        if self.offset > self.published:
            for alert in alerts:
                self._publish(alert)
        if self.history is not None and self.offset > self.history.upto:
            self.history.alerts(alerts)

    def _forget(self, key: str) -> None:
        self.book.forget(key)
        self._changed[key] = None
        self._dirty[key] = None
        self.has_forgotten = True
        if self.history is not None and self.offset > self.history.upto:
            self.history.forget(key)
        if self.offset > self.published:
            self._events.append((FORGOTTEN + key.encode(), b""))


def latest(entries: Sequence[Entry]) -> dict[bytes, bytes]:
    """Return the latest value of every key that is not deleted."""
    found: dict[bytes, bytes] = {}
    for key, value in entries:
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value
    return found
