"""What is in the records of the topics, besides what subjects bring."""

import msgspec

pack = msgspec.msgpack.Encoder().encode

# Names of headers of the log. A record without a kind holds observations.
KIND = "kind"
FORGET = b"forget"
REQUEST = "request"

# Keys of the read model and of checkpoints. Keys of subjects begin with KEY.
KEY = b"k"
POSITION = b"#position"
CHECKPOINT = b"#checkpoint"
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
    owner: the member. owned_since_us: when it got the partition. keys: with a state.
    """

    offset: int
    end_offset: int
    as_of_us: int
    owner: str
    owned_since_us: int
    keys: int
    accounts: Accounts


class PublicState(msgspec.Struct, array_like=True):
    """The snapshot of a key, after so many observations, the newest of them of this time.

    notices: kind and content of what says what has changed since the one before.
    """

    updates: int
    newest_us: int
    snapshot: bytes
    notices: list[tuple[str, bytes]] = []


CHECKPOINTS = msgspec.msgpack.Decoder(Checkpoint)
POSITIONS = msgspec.msgpack.Decoder(Position)
STATES = msgspec.msgpack.Decoder(PublicState)
# Pairs of an id and the time at which it came.
SEEN: msgspec.msgpack.Decoder[list[tuple[str, int]]] = msgspec.msgpack.Decoder(list[tuple[str, int]])


def ids_key(piece: int) -> bytes:
    return IDS + piece.to_bytes(8, "big")
