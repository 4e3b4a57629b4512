"""Erases what is left of forgotten keys from the log."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from infrastructure.storage.block_builder import append
from infrastructure.storage.payloads import block_row, segments_of
from infrastructure.storage.records import LogBlock
from infrastructure.storage.schema import FORGOTTEN, TICK_BLOCK, holds_key
from infrastructure.subject import Subject


def erase_some(
    connection: sa.Connection, put: Callable[..., None], subjects: Mapping[str, Subject], limit: int
) -> bool:
    """Rewrite up to `limit` blocks without the observations of a forgotten key. Return whether there is more to do."""
    row = connection.execute(sa.select(FORGOTTEN).limit(1)).first()
    if row is None:
        return False
    name, key, upto_seq, _ = row
    log = TICK_BLOCK.c
    own = (log.subject == name, log.seq <= upto_seq, holds_key(connection, key))
    blocks = connection.execute(sa.select(TICK_BLOCK).where(*own).order_by(log.seq).limit(limit)).all()
    for block in blocks:
        _erase(connection, put, subjects[name], tuple(block), key)
    if len(blocks) < limit:
        connection.execute(
            sa.delete(FORGOTTEN).where(FORGOTTEN.c.subject == name, FORGOTTEN.c.key == key, FORGOTTEN.c.seq == upto_seq)
        )
    return True


def _erase(
    connection: sa.Connection, put: Callable[..., None], subject: Subject, row: tuple[Any, ...], key: str
) -> None:
    seq, written_us = row[0], row[4]
    block = LogBlock(subject.name)
    erased: list[int] = []
    count = 0
    for segment in segments_of(row):
        columns = subject.log.decode(segment)
        places = {at for at, own in enumerate(columns.keys) if own == key}
        erased += [count + at for at in sorted(places)]
        count += len(columns)
        append(block, subject, columns.without(places))
    put(connection, TICK_BLOCK, [block_row(seq, written_us, block)], True)
    if subject.tables is not None:
        subject.tables.shift(connection, put, seq, erased)
