import asyncio

import pytest

from api.live.client_messages import Refused
from application.errors import Draining, TooManyWatchers
from application.ports.live_feed import Changes
from infrastructure.processing.supervisor import supervise
from support.watching import FakeWire, Watching


def shown(message: dict[str, object]) -> list[tuple[str, float]]:
    prices = message["prices"]
    assert isinstance(prices, list)
    return [(item["symbol"], item["currentPrice"]) for item in prices]


def test_first_messages_say_what_is_subscribed_and_what_it_is_now() -> None:
    watching = Watching()
    watching.feed.set("AAPL", 100.0)
    watching.feed.set("BTCEUR", 7.0)
    watching.feed.set("BTCUSD", 8.0)
    watching.feed.set("OTHER", 1.0)
    wire = FakeWire()
    watching.hub.join(wire).subscribe([" aapl ", "btc*", "NONE"], ["prices"], 250, 1)
    watching.hub.turn()
    subscribed, snapshot = wire.new()
    assert subscribed == {
        "type": "subscribed",
        "seq": 1,
        "subscriptions": {"prices": ["AAPL", "BTC*", "NONE"], "anomalies": [], "moves": []},
        "intervalMs": 250,
        "id": 1,
    }
    assert (snapshot["type"], snapshot["seq"], snapshot["last"]) == ("snapshot", 2, True)
    assert shown(snapshot) == [("AAPL", 100.0), ("BTCEUR", 7.0), ("BTCUSD", 8.0)]


def test_snapshot_of_nothing_is_still_sent() -> None:
    watching = Watching()
    wire = FakeWire()
    watching.hub.join(wire).subscribe(["*"], ["prices"], None, None)
    watching.hub.turn()
    assert wire.new()[1] == {"type": "snapshot", "seq": 2, "prices": [], "last": True}


def test_prices_are_the_latest_of_what_changed_at_most_once_an_interval() -> None:
    watching = Watching()
    for symbol in ("A", "B", "C"):
        watching.feed.set(symbol, 1.0)
    _, wire = watching.watcher("A", "B", "C", interval_ms=100)
    watching.hub.turn()
    watching.pass_time(0.1)
    wire.new()
    for price in (2.0, 3.0, 4.0):
        watching.feed.set("A", price)
    watching.feed.set("C", 5.0)
    watching.pass_time(0.1)
    [message] = wire.new()
    assert message["type"] == "prices"
    assert sorted(shown(message)) == [("A", 4.0), ("C", 5.0)]
    watching.feed.set("A", 6.0)
    watching.pass_time(0.05)
    assert wire.new() == []
    watching.feed.set("A", 7.0)
    watching.pass_time(0.06)
    assert shown(wire.new()[0]) == [("A", 7.0)]
    watching.pass_time(10.0)
    assert wire.new() == []


def test_symbol_is_read_and_encoded_once_however_many_watch() -> None:
    watching = Watching()
    watching.feed.set("A", 1.0)
    wires = [watching.watcher("A" if at % 2 else "*")[1] for at in range(20)]
    watching.pass_time(0.2)
    for wire in wires:
        wire.new()
    before = watching.feed.reads
    watching.feed.set("A", 2.0)
    watching.pass_time(0.2)
    assert [shown(wire.new()[0]) for wire in wires] == [[("A", 2.0)]] * 20
    assert watching.feed.reads == before + 1


def test_new_symbol_reaches_those_who_watch_its_prefix() -> None:
    watching = Watching()
    _, by_prefix = watching.watcher("BTC*")
    _, of_all = watching.watcher("*")
    _, of_another = watching.watcher("BTX*", "BTC")
    watching.feed.set("BTCUSD", 9.0)
    watching.pass_time(0.2)
    assert shown(by_prefix.new()[0]) == [("BTCUSD", 9.0)]
    assert shown(of_all.new()[0]) == [("BTCUSD", 9.0)]
    assert of_another.new() == []


def test_every_anomaly_is_sent_at_once_and_in_order_to_those_who_watch() -> None:
    watching = Watching()
    _, wire = watching.watcher("A", interval_ms=60_000)
    _, prices_only = watching.watcher("A", channels=("prices",))
    _, other = watching.watcher("B")
    for number in range(5):
        watching.feed.spike("A", number)
    watching.pass_time(0.025)
    messages = wire.new()
    assert [message["anomaly"]["referencePrice"] for message in messages] == [0, 1, 2, 3, 4]
    assert {message["type"] for message in messages} == {"anomaly"}
    assert prices_only.new() == other.new() == []


def test_watcher_that_does_not_read_gets_the_newest_and_is_told_what_is_missing() -> None:
    watching = Watching(max_queued_anomalies=3)
    watching.feed.set("A", 1.0)
    session, wire = watching.watcher("A")
    _, other = watching.watcher("A")
    wire.writable = False
    for number in range(10):
        watching.feed.spike("A", number)
        watching.feed.set("A", 2.0 + number)
        watching.pass_time(0.1)
    assert wire.new() == []
    assert len([message for message in other.new() if message["type"] == "anomaly"]) == 10
    wire.writable = True
    watching.hub.ready(session)
    watching.hub.turn()
    gap, *anomalies, prices = wire.new()
    assert (gap["type"], gap["anomalies"]) == ("gap", 7)
    assert [message["anomaly"]["referencePrice"] for message in anomalies] == [7, 8, 9]
    assert shown(prices) == [("A", 11.0)]
    assert watching.hub.lost == 7


def test_seq_rises_by_one_whatever_is_sent() -> None:
    watching = Watching()
    session, wire = watching.watcher()
    for number in range(20):
        watching.feed.set(f"S{number}", 1.0)
        watching.feed.spike("S1", number)
        session.subscribe([f"S{number}"], ["prices", "anomalies"], None, None)
        watching.pass_time(0.2)
    session.unsubscribe(["S1"], ["prices"], None)
    messages = wire.new()
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert {message["type"] for message in messages} >= {"subscribed", "snapshot", "anomaly", "unsubscribed"}


def test_long_snapshot_comes_in_parts_and_as_fast_as_it_is_read() -> None:
    watching = Watching()
    for number in range(1200):
        watching.feed.set(f"S{number:04}", 1.0)
    wire = FakeWire()
    session = watching.hub.join(wire)
    session.subscribe(["*"], ["prices"], None, None)
    watching.hub.turn()
    first = wire.new()
    wire.writable = False
    watching.pass_time(0.025)
    assert wire.new() == []
    wire.writable = True
    watching.hub.ready(session)
    watching.pass_time(0.025)
    snapshots = [message for message in first + wire.new() if message["type"] == "snapshot"]
    assert [message["last"] for message in snapshots] == [False] * 5 + [True]
    assert [symbol for message in snapshots for symbol, _ in shown(message)] == watching.feed.keys()


def test_unsubscribed_symbols_are_sent_no_more_and_others_go_on() -> None:
    watching = Watching()
    for symbol in ("A", "B"):
        watching.feed.set(symbol, 1.0)
    session, wire = watching.watcher("A", "B")
    for price in (1.5, 2.0):
        watching.feed.set("A", price)
        watching.feed.set("B", price)
        watching.hub.turn()
    session.unsubscribe(["a", "NEVER"], ["prices"], "x")
    answer = wire.new()[-1]
    assert (answer["type"], answer["id"]) == ("unsubscribed", "x")
    assert answer["subscriptions"] == {"prices": ["B"], "anomalies": ["A", "B"], "moves": []}
    watching.pass_time(0.2)
    assert shown(wire.new()[0]) == [("B", 2.0)]
    watching.feed.spike("A", 1)
    watching.pass_time(0.2)
    assert [message["type"] for message in wire.new()] == ["anomaly"]


@pytest.mark.parametrize(
    ("symbols", "interval_ms", "code"),
    [
        ([], None, "invalid"),
        (["A", "%"], None, "invalid_symbol"),
        (["*A"], None, "invalid_symbol"),
        (["A" * 65], None, "invalid_symbol"),
        (["A"], 49, "invalid"),
        (["A"], 60_001, "invalid"),
        (["A", "B", "C", "D"], None, "subscription_limit"),
    ],
)
def test_refused_subscription_changes_nothing(symbols: list[str], interval_ms: int | None, code: str) -> None:
    watching = Watching(max_subscriptions=3)
    session, wire = watching.watcher("X")
    with pytest.raises(Refused) as refusal:
        session.subscribe(symbols, ["prices"], interval_ms, None)
    assert refusal.value.code == code
    session.subscribe(["X"], ["prices"], None, None)
    assert wire.new()[0]["subscriptions"]["prices"] == ["X"]


def test_subscribing_on_and_on_does_not_hold_up_prices() -> None:
    watching = Watching()
    session, wire = watching.watcher("A", interval_ms=100)
    for number in range(20):
        session.subscribe([f"N{number}"], ["prices"], None, None)
        watching.feed.set("A", 1.0 + number)
        watching.pass_time(0.06)
    assert len([message for message in wire.new() if message["type"] == "prices"]) >= 9


def test_anomalies_are_not_sent_once_they_are_not_wanted() -> None:
    watching = Watching()
    session, wire = watching.watcher("A", "B")
    wire.writable = False
    for symbol in ("A", "B"):
        watching.feed.spike(symbol, 1)
    watching.hub.turn()
    session.unsubscribe(["A"], ["anomalies"], None)
    wire.new()
    wire.writable = True
    watching.hub.ready(session)
    watching.hub.turn()
    assert [message["anomaly"]["symbol"] for message in wire.new()] == ["B"]


def test_unsubscribing_looks_at_nothing_that_waits() -> None:
    watching = Watching()
    session, wire = watching.watcher("*")
    wire.writable = False
    for number in range(1000):
        watching.feed.set(f"N{number}", 1.0)
    watching.pass_time(1.0)
    waits = session.pending["prices"]
    session.unsubscribe(["N1", "NEVER"], ["prices"], None)
    # Sorted out a chunk at a time, as it is sent.
    assert session.pending["prices"] is waits
    assert len(waits) == 1000


def test_unsubscribed_part_of_a_snapshot_is_left_out() -> None:
    watching = Watching()
    for number in range(500):
        watching.feed.set(f"A{number:03}", 1.0)
        watching.feed.set(f"B{number:03}", 1.0)
    wire = FakeWire()
    session = watching.hub.join(wire)
    session.subscribe(["A*", "B*"], ["prices"], None, None)
    session.unsubscribe(["A*"], ["prices"], None)
    watching.pass_time(0.1)
    watching.pass_time(0.1)
    assert {symbol[0] for message in wire.new() for symbol, _ in shown({"prices": [], **message})} == {"B"}


async def test_busy_loop_has_the_hub_take_fewer_turns() -> None:
    watching = Watching()
    run = asyncio.create_task(watching.hub.run())
    _, wire = watching.watcher("A", interval_ms=50)

    async def prices_in_ten_seconds(late: float, turn: float) -> int:
        # Every turn begins late and takes its time, by the clock.
        take = watching.feed.take

        def slow_take() -> Changes:
            watching.clock.jump(watching.clock.monotonic() + turn)
            return take()

        watching.feed.take = slow_take  # type: ignore[method-assign]  # the clock must pass while the hub works
        end = watching.clock.monotonic() + 10
        while watching.clock.monotonic() < end:
            watching.feed.set("A", 1.0)
            watching.clock.jump(watching.clock.monotonic() + late)
            await watching.clock.advance(0.01)
        watching.feed.take = take  # type: ignore[method-assign]  # as it was
        return len([message for message in wire.new() if message["type"] == "prices"])

    calm = await prices_in_ten_seconds(0.0, 0.01)
    busy = await prices_in_ten_seconds(0.01, 0.01)
    assert calm > 90
    assert 20 < busy < calm / 2
    run.cancel()


async def test_hub_that_died_begins_again_and_nobody_stays_behind() -> None:
    watching = Watching()
    watching.feed.set("A", 1.0)
    _, wire = watching.watcher("A")
    run = asyncio.create_task(supervise(watching.hub.run, watching.clock, watching.hub.count_restart))
    take = watching.feed.take

    def take_and_die() -> Changes:
        take()
        watching.feed.take = take  # type: ignore[method-assign]  # only once
        raise RuntimeError("the hub dies of this")

    watching.feed.take = take_and_die  # type: ignore[method-assign]  # a fault to live through
    watching.feed.set("A", 2.0)
    await watching.clock.advance(1.0)
    assert watching.hub.restarts == 1
    assert shown(wire.new()[0]) == [("A", 2.0)]
    run.cancel()


def test_workers_mark_only_while_somebody_watches() -> None:
    watching = Watching()
    assert not watching.feed.watching
    (one, _), (two, _) = watching.watcher("A"), watching.watcher("B")
    assert watching.feed.watching
    watching.hub.leave(one)
    watching.hub.leave(one)
    assert watching.feed.watching
    watching.hub.leave(two)
    assert not watching.feed.watching


def test_who_comes_after_an_empty_time_sees_what_changed_in_it() -> None:
    watching = Watching()
    watching.feed.set("A", 1.0)
    session, _ = watching.watcher("A")
    watching.hub.leave(session)
    watching.feed.set("A", 2.0)
    wire = FakeWire()
    watching.hub.join(wire).subscribe(["A"], ["prices"], None, None)
    watching.hub.turn()
    assert shown(wire.new()[1]) == [("A", 2.0)]


def test_limit_of_watchers_holds_until_one_leaves() -> None:
    watching = Watching(max_connections=2)
    session, _ = watching.watcher("A")
    watching.watcher("A")
    with pytest.raises(TooManyWatchers):
        watching.watcher("A")
    watching.hub.leave(session)
    watching.watcher("A")
    assert watching.hub.connections() == {"websocket": 2}


def test_closed_hub_sends_everybody_away_and_lets_nobody_in() -> None:
    watching = Watching()
    _, wire = watching.watcher("A")
    watching.hub.close()
    assert wire.closed == (1012, "the service is stopping")
    with pytest.raises(Draining):
        watching.watcher("A")


def test_heartbeats_come_on_time_and_not_to_those_who_left() -> None:
    watching = Watching(heartbeat_seconds=10.0)
    _, wire = watching.watcher("A")
    gone, gone_wire = watching.watcher("A")
    watching.hub.leave(gone)
    watching.pass_time(9.9)
    assert wire.new() == []
    watching.pass_time(0.1)
    [beat] = wire.new()
    assert (beat["type"], beat["time"]) == ("heartbeat", "2023-11-14T22:13:30.000Z")
    watching.pass_time(10.0)
    assert len(wire.new()) == 1
    assert (wire.beats, gone_wire.beats) == (2, 0)


async def test_hub_takes_turns_by_itself_while_somebody_watches() -> None:
    watching = Watching()
    run = asyncio.create_task(watching.hub.run())
    await watching.clock.advance(1.0)
    _, wire = watching.watcher("A")
    watching.feed.set("A", 3.0)
    await watching.clock.advance(1.0)
    assert shown(wire.new()[0]) == [("A", 3.0)]
    run.cancel()
