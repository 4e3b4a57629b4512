"""A state is encoded at most once after a change, whoever reads it."""

from operator import attrgetter
from typing import Any

import msgspec

from api.http.encoded_states import EncodedStates
from api.views.prices import StatisticsView
from api.views.view import View
from domain.prices.symbol_statistics import SymbolStatistics
from support.wire import Way, both_ways

POST = b"POST /api/prices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


def statistics(updates: int) -> SymbolStatistics:
    return SymbolStatistics("A", 1.0, 1.0, 1.0, 1.0, updates, 0, 0, 1_700_000_000_000_000)


class Counted:
    """Encoded states that count how often one is converted."""

    def __init__(self) -> None:
        self.views = 0
        self.states = EncodedStates(self._view, attrgetter("update_count"))

    def _view(self, snapshot: Any) -> View:
        self.views += 1
        return StatisticsView.of(snapshot)


def test_unchanged_state_is_encoded_once() -> None:
    counted = Counted()
    first = statistics(1)
    answer = counted.states.answer("A", first)
    assert counted.states.answer("A", first) is answer
    assert counted.states.encoded("A", first) is answer.body
    assert counted.views == 1


def test_changed_state_is_encoded_anew_with_another_tag() -> None:
    counted = Counted()
    tags = [dict(counted.states.answer("A", statistics(updates)).headers)["ETag"] for updates in (1, 2)]
    assert counted.views == 2
    assert tags[0] != tags[1]


def test_symbol_that_was_forgotten_and_is_back_has_another_tag_though_it_counts_the_same() -> None:
    counted = Counted()
    before = dict(counted.states.answer("A", statistics(1)).headers)["ETag"]
    counted.states.forget("A")
    assert dict(counted.states.answer("A", statistics(1)).headers)["ETag"] != before


async def test_get_list_and_subscribers_share_what_was_encoded() -> None:
    async with both_ways() as (way, _):
        body = b'{"symbol":"X","price":1}'
        await way.exchange(POST % (len(body), body))
        states = way.container.features()[0].live.states
        snapshot = way.container.features()[0].processing.snapshots.snapshot("X")
        encoded = states.encoded("X", snapshot)
        # A mark that nothing but the shared copy can have.
        states.answer("X", snapshot).body = marked = encoded.replace(b'"X"', b'"marked"')
        assert await _body(way, b"/api/prices/X") == marked
        assert msgspec.json.decode(await _body(way, b"/api/prices"))["items"] == [msgspec.json.decode(marked)]
        assert way.container.hub().items("prices", ["X"]) == [marked]


async def _body(way: Way, path: bytes) -> bytes:
    answer = await way.exchange(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    return answer.partition(b"\r\n\r\n")[2]
