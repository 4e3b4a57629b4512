"""An observation of a recording, and which columns of a file make one up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FIELDS = ("timestamp", "symbol", "price", "volume", "id")
_UNKNOWN_NAMED_MAX = 10

# The field of a tick that each named column of a file holds.
ColumnMapping = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a recording holds. name: in the plural. required: fields that must be there. texts: fields never numbers.

    path: where batches of it are sent. chain_path: where chains are, each of which is one line of NDJSON.
    """

    name: str
    fields: tuple[str, ...]
    required: tuple[str, ...]
    texts: frozenset[str]
    path: str
    chain_path: str = ""

    @property
    def rule(self) -> str:
        *others, last = self.required
        return f"{','.join(self.fields)}, of which only {', '.join(others)} and {last} are required"


TICKS = Kind("ticks", FIELDS, ("symbol", "price"), frozenset(("symbol", "id")), "/api/prices/batch")
TRADES = Kind(
    "trades",
    ("timestamp", "symbol", "side", "quantity", "price", "venue", "sentAt", "id"),
    ("side", "quantity"),
    frozenset(("symbol", "side", "venue", "id")),
    "/api/trades/batch",
)
OPTION_QUOTES = Kind(
    "option quotes",
    (
        "timestamp",
        "product",
        "expiry",
        "strike",
        "optionType",
        "bid",
        "ask",
        "bidSize",
        "askSize",
        "last",
        "volume",
        "openInterest",
        "previousOpenInterest",
        "previousClose",
        "iv",
        "symbol",
        "id",
    ),
    ("product", "expiry", "strike", "optionType"),
    frozenset(("product", "expiry", "optionType", "symbol", "id")),
    "/api/options/quotes/batch",
    "/api/options/chains",
)


class UnreadableRecording(Exception):
    """The file is not a valid recording. The message says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class RecordedTick:
    """A tick as written. Validation is left to the service.

    line: the tick as one line of NDJSON. timestamp: as in it, None if there is none. number: that of its line in a
    text file, of its row in a Parquet file; both from 1. quotes: of a chain, how many it has; 0 for anything else.
    """

    line: str
    timestamp: object
    number: int
    quotes: int = 0


@dataclass(frozen=True, slots=True)
class RecordedBatch:
    """Ticks in a row, as the body of a request. numbers: those of its ticks. is_chain: it is one chain of options."""

    numbers: Sequence[int]
    media_type: str
    body: bytes
    is_chain: bool = False

    @staticmethod
    def of(ticks: Sequence[RecordedTick]) -> "RecordedBatch":
        """Ticks as written, one a line."""
        body = "\n".join(tick.line for tick in ticks).encode()
        return RecordedBatch([tick.number for tick in ticks], "application/x-ndjson", body)

    @staticmethod
    def of_chain(chain: RecordedTick) -> "RecordedBatch":
        """A chain, which is a request of its own."""
        return RecordedBatch([chain.number] * chain.quotes, "application/json", chain.line.encode(), is_chain=True)


def field_of(name: str, columns: ColumnMapping, kind: Kind = TICKS) -> str | None:
    """Return the field that a column holds, None if it is to be ignored. Names may be in snake_case."""
    own = _camel(name)
    return columns.get(name, own if own in kind.fields and own not in columns.values() else None)


def fields_of(names: Sequence[str], columns: ColumnMapping | None, rule: str, kind: Kind = TICKS) -> list[str | None]:
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
            f"{rule} {kind.rule}; {'; '.join(problems)}. Other names can be mapped with --columns"
        )
    return fields


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _UNKNOWN_NAMED_MAX} more" if len(names) > _UNKNOWN_NAMED_MAX else ""
    return ", ".join(map(repr, names[:_UNKNOWN_NAMED_MAX])) + more
