"""Arrow IPC streams of ticks."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
NOON_MS = 1_769_860_800_000


def batch_of(**columns: Any) -> Any:
    """A record batch. columns: arrays, or lists whose types pyarrow infers."""
    return pa.record_batch({name: pa.array(values) for name, values in columns.items()})


def stream_of(*batches: Any, **options: Any) -> bytes:
    """The IPC stream of record batches. options: of `pa.ipc.IpcWriteOptions`."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def body_of(**columns: Any) -> bytes:
    """The IPC stream of one record batch."""
    return stream_of(batch_of(**columns))


def dictionary_of(texts: Sequence[str | None], index_type: Any = None) -> Any:
    """Texts as a dictionary array."""
    entries = list(dict.fromkeys(text for text in texts if text is not None))
    indices = [None if text is None else entries.index(text) for text in texts]
    return pa.DictionaryArray.from_arrays(pa.array(indices, index_type or pa.int32()), pa.array(entries, pa.string()))
