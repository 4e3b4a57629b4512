"""Rules and alerts in the store."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from application.rules.ports.alerts import AlertFilter, AlertOrder, AlertPage
from domain.rules.alert import Alert, AlertState
from domain.symbol import BEHIND_ALL
from infrastructure.rules.rule_format import alert_of, rule_of
from infrastructure.rules.stored_rule import StoredRule
from infrastructure.storage.answered import answered, caught_up
from infrastructure.storage.journal import Journal
from infrastructure.storage.schema import ALERT, RULE
from infrastructure.storage.sql_database import SqlDatabase


class SqlRules:
    """Reads them. Changes are amendments of the journal."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    async def rules(self, subjects: Mapping[str, Sequence[str]], with_parts: Collection[str] = ()) -> list[StoredRule]:
        """Raises Corrupt."""
        statement = sa.select(RULE).order_by(RULE.c.id)

        def read(connection: sa.Connection) -> list[StoredRule]:
            return [rule_of(tuple(row), subjects, with_parts) for row in connection.execute(statement)]

        return await self._database.reading(read)

    async def open_alerts(self) -> list[Alert]:
        """Raises Corrupt."""
        return await self._select(sa.select(ALERT).where(ALERT.c.state != AlertState.RESOLVED.value))

    async def last_raised_us(self) -> dict[tuple[str, str], int]:
        """Return when each rule last raised an alert of a key, by (rule, key)."""
        table = ALERT.c
        statement = sa.select(table.rule_id, table.key, sa.func.max(table.raised_us)).group_by(table.rule_id, table.key)
        return await self._database.reading(
            lambda connection: {(rule, key): moment for rule, key, moment in connection.execute(statement)}
        )

    async def get(self, alert_id: str) -> Alert | None:
        found = await self._select(sa.select(ALERT).where(ALERT.c.id == alert_id))
        return found[0] if found else None

    async def page(
        self, matching: AlertFilter, after: AlertOrder | None, limit: int, newest_first: bool
    ) -> list[Alert]:
        return await self._select(_page(matching, after, newest_first).limit(limit))

    async def alerts_over(self, count_max: int) -> int | None:
        """Return the time before which to prune so that about `count_max` are left; None if there are no more."""
        raised_us = ALERT.c.raised_us
        return await self._database.scalar(sa.select(raised_us).order_by(raised_us.desc()).offset(count_max).limit(1))

    async def prune(self, before_us: int, limit: int) -> int:
        """Delete alerts that were raised before, and are not open. Return how many."""
        table = ALERT.c
        old = (table.raised_us < before_us, table.state == AlertState.RESOLVED.value)
        oldest = sa.select(table.id).where(*old).order_by(table.raised_us).limit(limit)
        return await self._database.delete(sa.delete(ALERT).where(table.id.in_(oldest.scalar_subquery())))

    async def prune_aged(self, age_us: int, limit: int) -> int:
        """Delete alerts that are so much older than the newest of their key, and are not open. Return how many."""
        table = ALERT.c
        newest = (
            sa.select(table.subject, table.key, sa.func.max(table.raised_us).label("newest_us"))
            .group_by(table.subject, table.key)
            .subquery()
        )
        own = (table.subject == newest.c.subject) & (table.key == newest.c.key)
        aged = (table.raised_us < newest.c.newest_us - age_us) & (table.state == AlertState.RESOLVED.value)
        chosen = sa.select(table.id).join(newest, own).where(aged).limit(limit)
        return await self._database.delete(sa.delete(ALERT).where(table.id.in_(chosen.scalar_subquery())))

    async def _select(self, statement: sa.Select[Any]) -> list[Alert]:
        return await self._database.reading(
            lambda connection: [alert_of(tuple(row)) for row in connection.execute(statement)]
        )


def _page(matching: AlertFilter, after: AlertOrder | None, newest_first: bool) -> sa.Select[Any]:
    table = ALERT.c
    order: tuple[sa.ColumnElement[Any], ...] = (table.raised_us, table.id)
    statement = sa.select(ALERT).order_by(*([each.desc() for each in order] if newest_first else order))
    for column, wanted in (
        (table.state, matching.state),
        (table.severity, matching.severity),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted.value)
    for column, text in (
        (table.subject, matching.subject),
        (table.key, matching.key),
        (table.rule_id, matching.rule_id),
    ):
        if text is not None:
            statement = statement.where(column == text)
    if matching.prefixes:
        statement = statement.where(
            sa.or_(*((table.key >= prefix) & (table.key < prefix + BEHIND_ALL) for prefix in matching.prefixes))
        )
    if matching.from_us is not None:
        statement = statement.where(table.raised_us >= matching.from_us)
    if matching.to_us is not None:
        statement = statement.where(table.raised_us < matching.to_us)
    if after is not None:
        own, given = sa.tuple_(*order), sa.tuple_(*map(sa.literal, after))
        statement = statement.where(own < given if newest_first else own > given)
    return statement


class StoredAlerts:
    """All alerts of a service with a store, up to the moment of the query while the store works."""

    def __init__(self, store: SqlRules, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def get(self, alert_id: str) -> Alert | None:
        await caught_up(self._journal)
        return await answered(self._store.get(alert_id))

    async def page(
        self, matching: AlertFilter, after: AlertOrder | None, limit: int, newest_first: bool = True
    ) -> AlertPage:
        await caught_up(self._journal)
        found = await answered(self._store.page(matching, after, limit + 1, newest_first))
        shown = found[:limit]
        return AlertPage(tuple(shown), shown[-1].order if len(found) > limit else None)
