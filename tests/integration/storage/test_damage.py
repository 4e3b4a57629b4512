"""A store that was damaged gives a valid prefix of what was written, or refuses; never a wrong value."""

import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from domain.prices.symbol_book import SymbolBook
from infrastructure.prices.price_format import PRICES
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.recovery import recover
from infrastructure.storage.sqlite_store import FILE, SqliteStore
from infrastructure.storage.store import StoreFailed, StoreRefused
from support.batches import RULES, SUBJECT, Batches, tick
from support.fakes import ForgetfulJournal

WAL = f"{FILE}-wal"
BATCHES = 12

# What the books hold after so many batches.
State = list[tuple[str, object]]


def state_of(book: SymbolBook) -> State:
    return sorted((symbol, book.snapshot(symbol)) for symbol in book.keys())


@pytest.fixture
async def written(tmp_path: Path) -> tuple[Path, list[State]]:
    """The files of a store whose process was killed, and the state behind every batch."""
    store = SqliteStore(tmp_path / "alive", [SUBJECT])
    await store.open()
    batches = Batches()
    states = [state_of(batches.book)]
    chance = random.Random(3)
    for number in range(BATCHES):
        moves = [tick(chance.choice("ABCDE"), 100.0 + chance.randrange(9), number * 1000 + ms) for ms in range(40)]
        await store.write(batches.next(moves, states=number % 4 == 1, candles=number % 3 == 1))
        states.append(state_of(batches.book))
    killed = tmp_path / "killed"
    shutil.copytree(tmp_path / "alive", killed)
    (killed / f"{FILE}-shm").unlink()
    await store.close()
    return killed, states


async def outcome(directory: Path) -> State | None:
    """What a start finds; None where it is refused."""
    store = SqliteStore(directory, [SUBJECT], read_only=True)
    book = SymbolBook(RULES)
    try:
        await store.open()
        await recover(store, {PRICES: [book]}, ForgetfulJournal(SUBJECT))
    except (Corrupt, StoreFailed, StoreRefused):
        return None
    finally:
        await store.close()
    return state_of(book)


async def outcomes(original: Path, damage: Iterable[tuple[str, bytes]], tmp_path: Path) -> list[State | None]:
    """What a start finds after each damage: a file, and what is in it then."""
    found = []
    scratch = tmp_path / "scratch"
    for name, content in damage:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(original, scratch)
        (scratch / name).write_bytes(content)
        found.append(await outcome(scratch))
    return found


async def test_a_log_cut_off_at_any_byte_gives_a_prefix(written: tuple[Path, list[State]], tmp_path: Path) -> None:
    killed, states = written
    whole = (killed / WAL).read_bytes()
    cuts = ((WAL, whole[:-cut]) for cut in range(1, 4097))
    found = await outcomes(killed, cuts, tmp_path)
    assert all(state in states for state in found)
    # Something was lost, and not more than what the last bytes hold.
    assert states[BATCHES - 1] in found
    assert states[0] not in found


async def test_flipped_bits_give_a_prefix_or_are_refused(written: tuple[Path, list[State]], tmp_path: Path) -> None:
    killed, states = written
    chance = random.Random(5)

    def flipped() -> Iterable[tuple[str, bytes]]:
        for name in (WAL, FILE):
            whole = (killed / name).read_bytes()
            for _ in range(250):
                content = bytearray(whole)
                content[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
                yield name, bytes(content)

    found = await outcomes(killed, flipped(), tmp_path)
    assert all(state is None or state in states for state in found)


async def test_a_file_without_log_with_flipped_bits_is_whole_or_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "closed", [SUBJECT])
    await store.open()
    batches = Batches()
    for number in range(6):
        moves = [tick(symbol, 100.0 + ms % 7, number * 1000 + ms) for ms in range(40) for symbol in "ABC"]
        await store.write(batches.next(moves, states=number == 3))
    await store.close()
    whole = (tmp_path / "closed" / FILE).read_bytes()
    assert not (tmp_path / "closed" / WAL).exists()
    chance = random.Random(7)

    def damaged() -> Iterable[tuple[str, bytes]]:
        for _ in range(300):
            content = bytearray(whole)
            content[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            yield FILE, bytes(content)
        for cut in range(1, 4097, 16):
            yield FILE, whole[:-cut]

    found = await outcomes(tmp_path / "closed", damaged(), tmp_path)
    assert all(state in (None, state_of(batches.book)) for state in found)
    assert None in found
