"""What is in the records of the topics, besides what subjects bring."""

import msgspec

pack = msgspec.msgpack.Encoder().encode

# Names of headers of the log. A record without a kind holds observations.
KIND = "kind"
FORGET = b"forget"
# What the owner of a partition has heard of rules, as RULES; what somebody does about an alert, as ALERT_CHANGES; and
# that a rule waits for this moment, without a value.
RULES_CHANGED = b"rules"
ALERT_CHANGED = b"alert"
MOMENT = b"moment"
REQUEST = "request"

# Keys of the read model and of checkpoints. Keys of subjects begin with KEY.
KEY = b"k"
POSITION = b"#position"
CHECKPOINT = b"#checkpoint"
# Of a checkpoint: the rules in force, as RULES.
OWN_RULES = b"#rules"
# The ids that a partition has seen, in pieces.
IDS = b"i"
# In the events: everything before it about a key is forgotten. The key follows.
FORGOTTEN = b"#forgotten "


class Accounts(msgspec.Struct):
    """Observations that a partition took from the log, ever, and what became of them."""

    received: int = 0
    rejected: int = 0
    duplicates: int = 0
    processed: int = 0
    failed: int = 0
    late: int = 0
    events: int = 0


class Checkpoint(msgspec.Struct):
    """The states beside it stand for the log up to `offset`, which is the next record to apply.

    now_us: time of the partition, which never goes back. ids_first, ids_next: the pieces of ids that count.
    """

    offset: int
    now_us: int
    ids_first: int
    ids_next: int
    accounts: Accounts


class Position(msgspec.Struct):
    """How far a partition is published: up to the record before `offset`.

    end_offset: end of the log, as the owner knows it. as_of_us: everything that came before is published.
    owner: the member. owned_since_us: when it got the partition. keys: with a state. rules: version of those in force.
    """

    offset: int
    end_offset: int
    as_of_us: int
    owner: str
    owned_since_us: int
    keys: int
    accounts: Accounts
    rules: int = 0


class PublicState(msgspec.Struct, array_like=True):
    """The snapshot of a key, after so many observations, the newest of them of this time.

    notices: kind and content of what says what has changed since the one before. alerting: ids of rules that do. done:
    records of the log with changes of its alerts that were possible, since the one before.
    """

    updates: int
    newest_us: int
    snapshot: bytes
    notices: list[tuple[str, bytes]] = []
    alerting: list[str] = []
    done: list[int] = []


class RuleRecord(msgspec.Struct, array_like=True, frozen=True):
    """A rule as it is from a version on. subject: empty if it is removed; `revision` is that of the rule before then.

    payload: the rule, but for its revision.
    """

    rule_id: str
    subject: str = ""
    revision: int = 0
    payload: bytes = b""
    in_file: bool = False


class RulesRecord(msgspec.Struct, array_like=True, frozen=True):
    """Rules up to a version, each with its own, for those who have them up to `base`.

    unread: those that a version of the service cannot read; they wait for one that can.
    """

    version: int
    rules: list[tuple[int, RuleRecord]]
    base: int = 0
    unread: list[tuple[int, RuleRecord]] = []


class AlertChange(msgspec.Struct, array_like=True, frozen=True):
    """What somebody does about an alert. alert: as it was then."""

    alert: bytes
    now_us: int
    by: str | None
    resolves: bool


CHECKPOINTS = msgspec.msgpack.Decoder(Checkpoint)
POSITIONS = msgspec.msgpack.Decoder(Position)
RULE_RECORDS = msgspec.msgpack.Decoder(RuleRecord)
RULES = msgspec.msgpack.Decoder(RulesRecord)
ALERT_CHANGES = msgspec.msgpack.Decoder(AlertChange)
STATES = msgspec.msgpack.Decoder(PublicState)
# Pairs of an id and the time at which it came.
SEEN: msgspec.msgpack.Decoder[list[tuple[str, int]]] = msgspec.msgpack.Decoder(list[tuple[str, int]])


def ids_key(piece: int) -> bytes:
    return IDS + piece.to_bytes(8, "big")
