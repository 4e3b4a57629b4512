import random
from collections import defaultdict

import pytest

from api.live.watch_index import WatchIndex


def matches(pattern: str, symbol: str) -> bool:
    return symbol.startswith(pattern[:-1]) if pattern.endswith("*") else symbol == pattern


@pytest.mark.parametrize("seed", range(20))
def test_index_finds_whom_a_plain_list_finds(seed: int) -> None:
    source = random.Random(seed)
    symbols = {"".join(source.choices("AB", k=source.randint(1, 4))) for _ in range(12)}
    patterns = [*symbols, "*", "A*", "AB*", "B*", "BBBB*", "ABA*"]
    index: WatchIndex[int] = WatchIndex()
    model: set[tuple[str, int]] = set()
    for _ in range(200):
        pattern, watcher = source.choice(patterns), source.randrange(4)
        if (pattern, watcher) in model:
            index.remove(pattern, watcher)
            model.remove((pattern, watcher))
        else:
            index.add(pattern, watcher)
            model.add((pattern, watcher))
        for symbol in symbols:
            assert index.watchers(symbol) == {who for pattern, who in model if matches(pattern, symbol)}
        some = {(symbol, who) for symbol, watchers in index.of_some(symbols) for who in watchers}
        assert some == {(s, who) for s in symbols for pattern, who in model if pattern != "*" and matches(pattern, s)}
        assert index.of_all == {who for pattern, who in model if pattern == "*"}


def test_cost_of_a_symbol_is_the_lengths_of_prefixes_and_not_their_number() -> None:
    index: WatchIndex[int] = WatchIndex()
    for number in range(10_000):
        index.add(f"Z{number:04}X*", number)
    index.add("Z0042*", -1)
    looked_up: list[str] = []

    class Noting(defaultdict[str, set[int]]):
        def __contains__(self, pattern: object) -> bool:
            looked_up.append(str(pattern))
            return super().__contains__(pattern)

    index._by_pattern = Noting(set, index._by_pattern)
    assert index.watchers("Z0042XY") == {42, -1}
    assert sorted(looked_up) == ["Z0042*", "Z0042X*", "Z0042XY"]
