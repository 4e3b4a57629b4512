"""What rules cost: the share of batch ingest that is kept with a thousand of them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ingest import WrongResult, requests_of
from benchmarks.load import drive
from benchmarks.rows import rows_of
from benchmarks.sides import sides
from benchmarks.ticks import Walks

_RULES = 1000
_SYMBOLS = 10_000
_BATCH = 1000
_CONNECTIONS = 4
_BATCHES_PER_ROUND = 100

_NONE = "no rules"
_OTHERS = "rules on other symbols"
_LEVELS = "levels on all symbols"
_ALL = "rules of four kinds on all symbols"
_CONDITIONS = (
    "{ level = { above = 1000 } }",
    "{ range = { low = 1, high = 1000 } }",
    "{ move = { percent = 50, withinMs = 1000 } }",
    "{ deviation = { sigmas = 900, over = 100 } }",
)


def rules(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 ticks of 10,000 symbols: without rules, with 1,000 rules on symbols that do not come, and
    with 1,000 rules that are about ten symbols each, one of them for every symbol: levels only, or a quarter each of
    levels, ranges, moves and deviations.
    """
    with _files() as files:
        own = {name: {"RULES__FILE": str(file)} for name, file in files.items()}
        with sides(_NONE, _OTHERS, _LEVELS, _ALL, own=own, PROCESSING__CHANNEL_CAPACITY="1000000") as running:
            walks = [Walks(_SYMBOLS // _CONNECTIONS, 20, seed) for seed in range(_CONNECTIONS)]
            rates: dict[str, list[float]] = {side.name: [] for side in running}
            sent = 0
            for number in range(rounds + 1):
                shares = []
                for connection, walk in enumerate(walks):
                    ticks = walk.take(_BATCH * _BATCHES_PER_ROUND // _CONNECTIONS)
                    sent += len(ticks)
                    shares.append(requests_of(ticks, f"C{connection}", _BATCH))
                turn = number % len(running)
                for side in running[turn:] + running[:turn]:
                    seconds = drive(side.port, shares)
                    start = time.perf_counter()
                    side.metrics()
                    if number:
                        per_round = _BATCH * _BATCHES_PER_ROUND
                        rates[side.name].append(per_round / (seconds + time.perf_counter() - start))
            for side in running:
                if side.metrics()["processed"] != sent:
                    raise WrongResult(f"{side.name} has not processed all of {sent} ticks")
    none, *others = (
        rows_of({name: rates[name] for name in (side, _NONE)}, side, "ticks/s") for side in (_OTHERS, _LEVELS, _ALL)
    )
    return [*none, *(rows[0] for rows in others)]


@contextmanager
def _files() -> Iterator[dict[str, Path]]:
    """The files of rules, by side."""
    with TemporaryDirectory(prefix="marketdata-rules-") as name:
        files = {side: Path(name, f"{number}.toml") for number, side in enumerate((_OTHERS, _LEVELS, _ALL))}
        files[_OTHERS].write_text("".join(_rule(number, f"X{number}", _CONDITIONS) for number in range(_RULES)))
        # A prefix of all but the last digit: ten symbols each, of the four connections together.
        prefixes = [f"C{c}S{at:06}*" for c in range(_CONNECTIONS) for at in range(_RULES // _CONNECTIONS)]
        for side, conditions in ((_LEVELS, _CONDITIONS[:1]), (_ALL, _CONDITIONS)):
            rules = [_rule(number, prefix, conditions) for number, prefix in enumerate(prefixes)]
            files[side].write_text("".join(rules))
        yield files


def _rule(number: int, pattern: str, conditions: Sequence[str]) -> str:
    condition = conditions[number % len(conditions)]
    return (
        f'[[rules]]\nid = "r{number}"\nname = "R"\nsubject = "prices"\nkeys = ["{pattern}"]\ncondition = {condition}\n'
    )
