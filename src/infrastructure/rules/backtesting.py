"""Shows the log to one rule, with the code that shows live observations to rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.columns import Columns, span
from domain.rules.alert import Alert
from domain.rules.backtest import BacktestResult
from domain.rules.rule import ALL_KEYS, Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from infrastructure.storage.recovery import without_forgotten
from infrastructure.storage.sql_log import BLOCKS_AT_ONCE
from infrastructure.storage.sql_store import SqlStore
from infrastructure.subject import Subject

# Named keys up to which the log is searched for them.
_NAMES_MAX = 20


@dataclass(frozen=True, slots=True)
class Period:
    """Event times within [from_us, to_us)."""

    from_us: int
    to_us: int


async def backtest(
    store: SqlStore, subject: Subject, rule: Rule, period: Period, progress: Callable[[float], None]
) -> BacktestResult:
    """Show a rule the observations of a period, as if it had been made at its start.

    The clock, for rules that watch it, is as late as the newest observation of the period.

    Raises:
        StoreFailed, Corrupt
    """
    assert subject.values is not None, "there are rules about the subject"
    rules, result = RuleIndex(), BacktestResult()
    rules.add(rule)
    book = RuledBook(subject.new_book(), rules, subject.values, None)
    matches: dict[str, bool] = {}
    seqs = await store.seqs_of(subject.name, _names(rule), period.from_us, period.to_us)
    forgotten = await store.forgotten()
    for at in range(0, len(seqs), BLOCKS_AT_ONCE):
        for block in await store.blocks_at(seqs[at : at + BLOCKS_AT_ONCE]):
            columns = _within(without_forgotten(block, forgotten).columns, rule, period, matches)
            if len(columns):
                result.extend(*span(columns.times_us), len(columns))
                _count(result, book.apply(columns).updates)
        progress(min(at + BLOCKS_AT_ONCE, len(seqs)) / len(seqs))
    _count(result, book.advance(min(await store.newest_us(subject.name), period.to_us)))
    return result


def _names(rule: Rule) -> list[str] | None:
    """The keys that a rule names, if it names all of them, and few."""
    has_patterns = any(ALL_KEYS in pattern for pattern in rule.keys)
    return None if has_patterns or len(rule.keys) > _NAMES_MAX else list(rule.keys)


def _within(columns: Columns, rule: Rule, period: Period, matches: dict[str, bool]) -> Columns:
    """The observations that a rule is about. matches: whether it is about a key, as far as that is known."""
    others: set[int] = set()
    from_us, to_us = period.from_us, period.to_us
    for at, (key, time_us) in enumerate(zip(columns.keys, columns.times_us, strict=True)):
        is_about = matches.get(key)
        if is_about is None:
            is_about = matches[key] = rule.is_about(key)
        if not is_about or not from_us <= time_us < to_us:
            others.add(at)
    return columns.without(others) if others else columns


def _count(result: BacktestResult, updates: Sequence[object]) -> None:
    for update in updates:
        if isinstance(update, Alert):
            result.add(update)
