"""The binary format of rules, alerts, and the states of rules: msgpack, with Decimals as text."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from application.errors import ValidationFailed
from application.rules.rule_reading import RuleReader
from application.rules.rule_writing import rule_values
from domain.numbers import Number
from domain.rules.alert import Alert, AlertChange, AlertState
from domain.rules.rule import AlertSeverity, Rule
from domain.rules.ruled_book import RuledCheckpoint, SavedRule
from infrastructure.rules.stored_rule import StoredRule
from infrastructure.storage.payloads import Corrupt, check, pack, seal
from infrastructure.subject import LogFormat

# A byte that msgpack never begins with: the state of a key that has rules. One without is as the subject writes it.
_RULED = b"\xc1"
_RULED_STATE: msgspec.msgpack.Decoder[tuple[bytes, list[Any]]] = msgspec.msgpack.Decoder(tuple[bytes, list[Any]])
_ANY = msgspec.msgpack.Decoder()


class RuledLogFormat:
    """The `LogFormat` of a subject with rules."""

    def __init__(self, log: LogFormat) -> None:
        self.encode = log.encode
        self.decode = log.decode
        self._log = log

    def encode_checkpoint(self, checkpoint: RuledCheckpoint) -> bytes:
        own = self._log.encode_checkpoint(checkpoint.checkpoint)
        if not checkpoint.rules:
            return own
        rules = [
            (each.rule_id, each.revision, each.state, None if each.alert is None else packed_alert(each.alert))
            for each in checkpoint.rules
        ]
        return _RULED + pack((own, rules))

    def decode_checkpoint(self, key: str, payload: bytes) -> RuledCheckpoint:
        if not payload.startswith(_RULED):
            return RuledCheckpoint(self._log.decode_checkpoint(key, payload), [])
        own, rules = _RULED_STATE.decode(payload[1:])
        saved = [
            SavedRule(rule_id, revision, restored(state), None if alert is None else unpacked_alert(alert))
            for rule_id, revision, state, alert in rules
        ]
        return RuledCheckpoint(self._log.decode_checkpoint(key, own), saved)


def restored(value: Any) -> Any:
    """A state as it was: all text in one stands for a Decimal."""
    if isinstance(value, list):
        return [restored(each) for each in value]
    return Decimal(value) if isinstance(value, str) else value


def rule_row(stored: StoredRule) -> tuple[Any, ...]:
    """Return the `RULE` row, in column order."""
    rule = stored.rule
    payload = packed_rule(rule)
    keys = (rule.id, rule.revision, stored.since_seq, stored.in_file)
    return (*keys, payload, seal(payload, *keys))


def rule_of(
    row: tuple[Any, ...], subjects: Mapping[str, Sequence[str]], with_parts: Collection[str] = ()
) -> StoredRule:
    """Decode a `RULE` row. Raises Corrupt."""
    rule_id, revision, since_seq, in_file, payload, crc = row
    keys = (rule_id, revision, since_seq, bool(in_file))
    check(crc, f"rule {rule_id}", payload, *keys)
    rule = unpacked_rule(rule_id, revision, payload, subjects, with_parts)
    return StoredRule(rule, since_seq, bool(in_file))


def packed_rule(rule: Rule) -> bytes:
    """Encode a rule, but for its revision."""
    return pack(rule_values(rule))


def unpacked_rule(
    rule_id: str,
    revision: int,
    payload: bytes,
    subjects: Mapping[str, Sequence[str]],
    with_parts: Collection[str] = (),
) -> Rule:
    """Decode what `packed_rule` returned. Raises Corrupt."""
    values = _ANY.decode(payload)
    try:
        # Channels may have gone from the settings since.
        rule = RuleReader(subjects, values["notify"], with_parts).read(values, rule_id)
    except ValidationFailed as error:
        raise Corrupt(f"rule {rule_id} cannot be read: {error}") from None
    return replace(rule, revision=revision)


_Stored = float | str
_AlertRow = tuple[
    str,  # id
    int,  # raised
    str,  # subject
    str,  # key
    str,  # rule
    str,  # severity
    str,  # state
    str,  # name of the rule
    _Stored,  # value
    _Stored,  # threshold
    str,  # explanation
    list[str],  # notify
    int | None,  # acknowledged
    str | None,  # by
    int | None,  # resolved
    int,  # count
]
_ALERT: msgspec.msgpack.Decoder[_AlertRow] = msgspec.msgpack.Decoder(_AlertRow)


def alert_row(alert: Alert) -> tuple[Any, ...]:
    """Return the `ALERT` row, in column order."""
    payload = packed_alert(alert)
    keys = (
        alert.id,
        alert.raised_us,
        alert.subject,
        alert.key,
        alert.rule_id,
        alert.severity.value,
        alert.state.value,
    )
    return (*keys, payload, seal(payload, *keys))


def alert_of(row: tuple[Any, ...]) -> Alert:
    """Decode an `ALERT` row. Raises Corrupt."""
    *keys, payload, crc = row
    check(crc, f"alert {keys[0]}", payload, *keys)
    return unpacked_alert(payload)


def packed_alert(alert: Alert) -> bytes:
    return pack(
        (
            alert.id,
            alert.raised_us,
            alert.subject,
            alert.key,
            alert.rule_id,
            alert.severity.value,
            alert.state.value,
            alert.rule_name,
            alert.value,
            alert.threshold,
            alert.explanation,
            alert.notify,
            alert.acknowledged_us,
            alert.acknowledged_by,
            alert.resolved_us,
            alert.count,
        )
    )


def unpacked_alert(payload: bytes) -> Alert:
    row = _ALERT.decode(payload)
    return Alert(
        id=row[0],
        raised_us=row[1],
        subject=row[2],
        key=row[3],
        rule_id=row[4],
        severity=AlertSeverity(row[5]),
        state=AlertState(row[6]),
        rule_name=row[7],
        value=_number(row[8]),
        threshold=_number(row[9]),
        explanation=row[10],
        notify=tuple(row[11]),
        acknowledged_us=row[12],
        acknowledged_by=row[13],
        resolved_us=row[14],
        count=row[15],
        change=AlertChange(row[6]),
    )


def _number(value: _Stored) -> Number:
    return Decimal(value) if isinstance(value, str) else value
