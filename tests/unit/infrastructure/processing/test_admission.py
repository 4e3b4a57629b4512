import asyncio
import gc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import Overloaded
from infrastructure.processing.admission import Admission, Share, Verdict
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.channel import FullMode
from support.fakes import FakeClock, settle
from support.processing import admission_of

LONG = 1.0
DROPPING = [FullMode.DROP_OLDEST, FullMode.DROP_NEWEST]


class Line:
    """Requests held by an admission, in the order in which they went on."""

    def __init__(self, admission: Admission, seconds: float = 0.0) -> None:
        self.went_on: list[tuple[str, Verdict]] = []
        self._admission = admission
        self._seconds = seconds

    def hold(self, name: str, size: int = 100, share: Share | None = None, patient: bool = False) -> None:
        self._admission.enqueue(share or Share(), size, self._resume(name), patient)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.went_on]

    def _resume(self, name: str) -> Callable[[Verdict], bool]:
        def resume(verdict: Verdict) -> bool:
            self.went_on.append((name, verdict))
            if verdict is not Verdict.REFUSED:
                self._admission.spend(self._seconds)
            return True

        return resume


async def test_a_turn_is_over_when_its_time_is_used_up_and_another_begins() -> None:
    admission = admission_of(FakeClock())
    assert admission.is_open
    admission.spend(LONG)
    assert not admission.is_open
    await settle(2)
    assert admission.is_open
    assert admission.seconds == LONG


async def test_short_work_in_many_turns_never_closes_the_intake() -> None:
    admission = admission_of(FakeClock())
    for _ in range(10):
        admission.spend(0.0019)
        assert admission.is_open
        admission.spend(0.0)
        await settle()
    assert admission.seconds == pytest.approx(0.019)


async def test_whoever_found_no_time_goes_on_in_the_next_turns_as_far_as_their_time_allows() -> None:
    admission = admission_of(FakeClock())
    line = Line(admission, seconds=LONG)
    admission.spend(LONG)
    for name in "abc":
        line.hold(name)
    assert (line.names, admission.held) == ([], 3)
    for turn in (1, 2, 3):
        await settle(1)
        assert line.names == list("abc"[:turn])
    assert (admission.held, admission.held_bytes, admission.hold.count) == (0, 0, 3)


async def test_nobody_overtakes_those_who_are_held() -> None:
    admission = admission_of(FakeClock())
    admission.spend(LONG)
    Line(admission).hold("a")
    await settle(0)
    assert not admission.is_open
    await settle(2)
    assert admission.is_open


async def test_senders_are_held_while_every_queue_is_crowded_and_go_on_when_one_is_not() -> None:
    backlog = Backlog(2)
    admission = admission_of(FakeClock(), backlog)
    line = Line(admission)
    backlog.crowd()
    assert admission.is_open
    backlog.crowd()
    assert not admission.is_open
    line.hold("a")
    await settle()
    assert line.names == []
    backlog.relieve()
    await settle(1)
    assert line.went_on == [("a", Verdict.ADMITTED)]


async def test_a_quiet_sender_goes_before_all_who_flood() -> None:
    backlog = Backlog(1)
    admission = admission_of(FakeClock(), backlog)
    line = Line(admission, seconds=LONG)
    floods = [Share() for _ in range(5)]
    for round_ in range(4):
        backlog.crowd()
        for number, share in enumerate(floods):
            line.hold(f"flood {number}", 1000, share)
        line.hold("quiet", 50)
        backlog.relieve()
        await settle(20)
        assert line.names[6 * round_] == "quiet"
    assert sorted(line.names[1:6]) == sorted(line.names[7:12])


async def test_senders_that_flood_get_the_same_bytes_whatever_the_size_of_their_requests() -> None:
    backlog = Backlog(1)
    admission = admission_of(FakeClock(), backlog)
    line = Line(admission, seconds=LONG)
    small, large = Share(), Share()
    backlog.crowd()
    for _ in range(40):
        line.hold("small", 1000 - 256, small)
    for _ in range(10):
        line.hold("large", 4000 - 256, large)
    backlog.relieve()
    await settle(25)
    # At any moment they differ by one large request at most.
    assert abs(1000 * line.names.count("small") - 4000 * line.names.count("large")) <= 4000


async def test_whoever_was_away_has_not_saved_anything_up() -> None:
    backlog = Backlog(1)
    admission = admission_of(FakeClock(), backlog)
    line = Line(admission, seconds=LONG)
    busy, away = Share(), Share()
    for _ in range(50):
        backlog.crowd()
        line.hold("busy", 1000, busy)
        backlog.relieve()
        await settle(2)
    backlog.crowd()
    for _ in range(5):
        line.hold("away", 1000, away)
        line.hold("busy", 1000, busy)
    backlog.relieve()
    await settle(4)
    assert set(line.names[50:54]) == {"away", "busy"}


@pytest.mark.parametrize("mode", DROPPING)
async def test_dropping_modes_let_in_whoever_was_held_for_too_long_and_hold_them_no_further(mode: FullMode) -> None:
    clock, backlog = FakeClock(), Backlog(1)
    admission = admission_of(clock, backlog, mode, hold_seconds=5.0)
    looking = asyncio.create_task(admission.run())
    line = Line(admission)
    backlog.crowd()
    line.hold("a")
    await clock.advance(3.0)
    line.hold("b")
    await clock.advance(1.9)
    assert line.names == []
    await clock.advance(0.2)
    assert line.went_on == [("a", Verdict.OVERDUE)]
    await clock.advance(3.0)
    assert line.went_on[1:] == [("b", Verdict.OVERDUE)]
    assert (admission.held, admission.refused) == (0, 0)
    looking.cancel()


async def test_rejecting_mode_refuses_whoever_was_held_for_too_long() -> None:
    clock, backlog = FakeClock(), Backlog(1)
    admission = admission_of(clock, backlog, FullMode.REJECT, hold_seconds=5.0)
    looking = asyncio.create_task(admission.run())
    line = Line(admission)
    backlog.crowd()
    line.hold("a")
    line.hold("patient", patient=True)
    await clock.advance(4.9)
    assert line.names == []
    await clock.advance(0.2)
    assert line.went_on == [("a", Verdict.REFUSED)]
    assert (admission.held, admission.held_bytes, admission.refused) == (1, 100, 1)
    await clock.advance(20.0)
    backlog.relieve()
    await settle()
    assert line.went_on[1:] == [("patient", Verdict.ADMITTED)]
    looking.cancel()


@pytest.mark.parametrize("mode", DROPPING)
async def test_dropping_modes_let_in_whoever_was_held_for_too_long_for_want_of_time_too(mode: FullMode) -> None:
    clock = FakeClock()
    admission = admission_of(clock, mode=mode, hold_seconds=5.0, held_bytes=1_000_000_000)
    looking = asyncio.create_task(admission.run())
    line = Line(admission)

    def flood(share: Share) -> None:
        def resume(_: Verdict) -> bool:
            admission.spend(LONG)
            asyncio.get_running_loop().call_soon(flood, share)
            return True

        admission.enqueue(share, 100, resume)

    admission.spend(LONG)
    for _ in range(20):
        flood(Share())
    line.hold("large", 900_000)
    await clock.advance(4.9)
    assert line.names == []
    await clock.advance(0.2)
    assert line.went_on == [("large", Verdict.OVERDUE)]
    looking.cancel()


async def test_without_patience_nobody_is_refused_for_want_of_time() -> None:
    clock = FakeClock()
    admission = admission_of(clock, mode=FullMode.REJECT, hold_seconds=0.0)
    looking = asyncio.create_task(admission.run())
    await settle()
    line = Line(admission)
    clock.jump(1.0)
    admission.spend(LONG)
    line.hold("a")
    await clock.advance(1.0)
    assert line.went_on == [("a", Verdict.ADMITTED)]
    looking.cancel()


async def test_what_was_refused_is_kept_no_longer_however_long_the_queues_are_crowded() -> None:
    clock, backlog = FakeClock(), Backlog(1)
    admission = admission_of(clock, backlog, FullMode.REJECT, hold_seconds=1.0)
    looking = asyncio.create_task(admission.run())
    backlog.crowd()
    line = Line(admission)
    # At any time there are ten that are not overdue.
    for number in range(1000):
        line.hold(str(number))
        await clock.advance(0.1)
    assert 5 < admission.held < 20
    assert len(line.names) == 1000 - admission.held
    kept = [each for each in gc.get_objects() if type(each).__name__ == "_Held"]
    assert len(kept) < 200
    looking.cancel()


async def test_what_a_sender_has_sent_to_another_subject_is_not_held_against_it() -> None:
    backlog = Backlog(1)
    admission, other = admission_of(FakeClock(), backlog), admission_of(FakeClock())
    line = Line(admission, seconds=LONG)
    sender = Share()
    other.spend(LONG)
    Line(other).hold("large", 900_000, sender)
    backlog.crowd()
    line.hold("large", 1000)
    line.hold("of the sender", 500, sender)
    backlog.relieve()
    await settle(10)
    assert line.names == ["of the sender", "large"]


async def test_waiting_mode_holds_for_as_long_as_it_takes() -> None:
    clock, backlog = FakeClock(), Backlog(1)
    admission = admission_of(clock, backlog, FullMode.WAIT, hold_seconds=5.0)
    looking = asyncio.create_task(admission.run())
    line = Line(admission)
    backlog.crowd()
    line.hold("a")
    await clock.advance(20.0)
    assert line.names == []
    backlog.relieve()
    await settle()
    assert line.names == ["a"]
    looking.cancel()


async def test_without_patience_crowded_queues_hold_nobody_and_want_of_time_still_does() -> None:
    backlog = Backlog(1)
    admission = admission_of(FakeClock(), backlog, hold_seconds=0.0)
    backlog.crowd()
    assert admission.is_open
    admission.spend(LONG)
    assert not admission.is_open


async def test_bodies_over_the_limit_are_refused_at_once() -> None:
    admission = admission_of(FakeClock(), held_bytes=250)
    line = Line(admission)
    admission.spend(LONG)
    line.hold("a", 200)
    with pytest.raises(Overloaded):
        line.hold("b", 51)
    with pytest.raises(Overloaded):
        await admission.enter(Share(), 51)
    line.hold("c", 50)
    assert admission.refused == 2
    await settle()
    assert line.names == ["c", "a"]
    admission.spend(LONG)
    line.hold("d", 250)
    await settle()
    assert line.names[2:] == ["d"]


async def test_a_task_waits_for_its_turn_and_ends_it() -> None:
    admission = admission_of(FakeClock())
    assert await admission.enter(Share(), 10)
    admission.spend(LONG)
    tasks = [asyncio.create_task(admission.enter(Share(), 10)) for _ in range(3)]
    line = Line(admission)
    await settle(1)
    # Cancelled is forgotten, and holds nobody up.
    tasks[0].cancel()
    await settle(1)
    line.hold("behind", 1000)
    await settle()
    assert [task.cancelled() or task.result() for task in tasks] == [True, True, True]
    assert (line.names, admission.held) == (["behind"], 0)


async def test_closing_refuses_everybody() -> None:
    clock, backlog = FakeClock(), Backlog(1)
    admission = admission_of(clock, backlog, FullMode.WAIT)
    line = Line(admission)
    backlog.crowd()
    line.hold("a")
    waiting = asyncio.create_task(admission.enter(Share(), 10))
    await settle()
    admission.close()
    with pytest.raises(Overloaded):
        await waiting
    assert line.went_on == [("a", Verdict.REFUSED)]
    with pytest.raises(Overloaded):
        line.hold("b")
    assert (admission.held, admission.held_bytes) == (0, 0)


@given(
    st.sampled_from([FullMode.DROP_OLDEST, FullMode.REJECT, FullMode.WAIT]),
    st.lists(st.sampled_from(["hold", "patient", "crowd", "relieve", "wait", "spend"]), max_size=80),
)
def test_everybody_held_goes_on_exactly_once_whatever_happens(mode: FullMode, steps: list[str]) -> None:
    async def run() -> None:
        clock, backlog = FakeClock(), Backlog(1)
        admission = admission_of(clock, backlog, mode, hold_seconds=1.0)
        looking = asyncio.create_task(admission.run())
        line = Line(admission, seconds=0.002)
        names = []
        for number, step in enumerate(steps):
            if step == "crowd" and not backlog.is_crowded:
                backlog.crowd()
            elif step == "relieve" and backlog.is_crowded:
                backlog.relieve()
            elif step == "wait":
                await clock.advance(0.4)
            elif step == "spend":
                admission.spend(0.003)
            elif step in ("hold", "patient"):
                names.append(str(number))
                line.hold(names[-1], 10 * number, patient=step == "patient")
            assert admission.held == len(names) - len(line.names)
        if backlog.is_crowded:
            backlog.relieve()
        await clock.advance(2.0)
        assert sorted(line.names) == sorted(names)
        assert (admission.held, admission.held_bytes) == (0, 0)
        assert admission.refused == [verdict for _, verdict in line.went_on].count(Verdict.REFUSED)
        looking.cancel()

    asyncio.run(run())
