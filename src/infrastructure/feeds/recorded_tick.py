"""An observation of a recording, and which columns of a file make one up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_UNKNOWN_NAMED_MAX = 10

# The field of a tick that each named column of a file holds.
ColumnMapping = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RecordedKind:
    """What a file records. fields: what a column may hold. texts: those that are never numbers. path: to send it to."""

    fields: Sequence[str]
    required: Sequence[str]
    texts: frozenset[str]
    path: str


TICKS = RecordedKind(
    ("timestamp", "symbol", "price", "volume", "id"),
    ("symbol", "price"),
    frozenset(("symbol", "id")),
    "/api/prices/batch",
)
TRADES = RecordedKind(
    ("timestamp", "symbol", "side", "quantity", "price", "venue", "sentAt", "id"),
    ("side", "quantity"),
    frozenset(("symbol", "side", "venue", "id")),
    "/api/trades/batch",
)


class UnreadableRecording(Exception):
    """The file is not a valid recording. The message says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class RecordedTick:
    """A tick as written. Validation is left to the service.

    line: the tick as one line of NDJSON. timestamp: as in it, None if there is none. number: that of its line in a
    text file, of its row in a Parquet file; both from 1.
    """

    line: str
    timestamp: object
    number: int


@dataclass(frozen=True, slots=True)
class RecordedBatch:
    """Ticks in a row, as the body of a request. numbers: those of its ticks."""

    numbers: Sequence[int]
    media_type: str
    body: bytes

    @staticmethod
    def of(ticks: Sequence[RecordedTick]) -> "RecordedBatch":
        """Ticks as written, one a line."""
        body = "\n".join(tick.line for tick in ticks).encode()
        return RecordedBatch([tick.number for tick in ticks], "application/x-ndjson", body)


def field_of(name: str, columns: ColumnMapping, kind: RecordedKind) -> str | None:
    """Return the field that a column holds, None if it is to be ignored."""
    return columns.get(name, name if name in kind.fields and name not in columns.values() else None)


def fields_of(
    names: Sequence[str], columns: ColumnMapping | None, rule: str, kind: RecordedKind = TICKS
) -> list[str | None]:
    """Return the field that each column of a file holds, None for each to be ignored.

    columns: without it, no column is ignored. rule: what the file's columns must be, to begin an error with.

    Raises:
        UnreadableRecording: a column is unknown, missing or there twice.
    """
    fields = [field_of(name, columns or {}, kind) for name in names]
    unknown = [name for name, field in zip(names, fields, strict=True) if field is None]
    missing = [name for name in columns or () if name not in names] or [
        field for field in kind.required if field not in fields
    ]
    kept = [field for field in fields if field is not None]
    problems = [f"missing: {_listed(missing)}"] if missing else []
    if unknown and columns is None:
        problems.append(f"unknown: {_listed(unknown)}")
    if len(set(kept)) < len(kept):
        problems.append(f"repeated: {_listed([field for field in kind.fields if kept.count(field) > 1])}")
    if problems:
        raise UnreadableRecording(
            f"{rule} {','.join(kind.fields)}, of which only {' and '.join(kind.required)} are required; "
            f"{'; '.join(problems)}. "
            "Other names can be mapped with --columns"
        )
    return fields


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _UNKNOWN_NAMED_MAX} more" if len(names) > _UNKNOWN_NAMED_MAX else ""
    return ", ".join(map(repr, names[:_UNKNOWN_NAMED_MAX])) + more
