"""The fast path: the busiest routes, answered straight from the socket without the framework.

A Litestar handler costs more than everything else a tick needs (docs/decisions/0005-a-fast-path.md has the figures).
Litestar has the same routes, for requests that do not qualify.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from api.http.access import Rule
from api.http.answer import Answer, answer_to
from api.http.gathering import Gathering
from api.http.request_options import RequestOptions
from infrastructure.processing.admission import Admission

Respond = Callable[[RequestOptions, bytes], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class FastRoute:
    """template: the name in metrics. respond: maps a request's options and body to the answer.

    admission: of the subject that requests bring observations of; None for those that read. gathering: where requests
    of the same turn are gathered, by their body or else by `matched`, a part of their path.
    """

    template: str
    path: str
    respond: Respond
    admission: Admission | None = None
    gathering: Gathering[Any] | None = None
    matched: str = ""

    @property
    def rule(self) -> Rule:
        return Rule.READ if self.admission is None else Rule.WRITE


@dataclass(frozen=True, slots=True)
class FastRead:
    """A GET route. pattern: matches its path, with one group. answer: takes the text of the group."""

    template: str
    pattern: re.Pattern[str]
    answer: Callable[[str], Awaitable[Answer]]


class FastPath:
    """posts: POST handlers by path, and what admits their requests. reads: GET routes. gatherings: of some of them, by
    template.
    """

    def __init__(
        self,
        posts: Mapping[str, tuple[Respond, Admission]],
        reads: Sequence[FastRead],
        gatherings: Mapping[str, Gathering[Any]],
    ) -> None:
        self._posts = {
            path: FastRoute(path, path, respond, admission, gatherings.get(path))
            for path, (respond, admission) in posts.items()
        }
        self._reads = reads
        self._gatherings = gatherings

    def route(self, method: str, path: str) -> FastRoute | None:
        """The route for a path without a query; None leaves it to the framework."""
        if method == "POST":
            return self._posts.get(path)
        if method == "GET":
            for read in self._reads:
                if match := read.pattern.match(path):
                    matched = match.group(1)
                    gathering = self._gatherings.get(read.template)
                    return FastRoute(read.template, path, partial(_read, read, matched), None, gathering, matched)
        return None

    async def answer(self, route: FastRoute, options: RequestOptions, body: bytes) -> Answer:
        """The route's answer, or a problem if it fails."""
        try:
            return await route.respond(options, body)
        except (Exception, asyncio.CancelledError) as given:
            return answer_to(given, route.path)


def _read(read: FastRead, matched: str, _options: RequestOptions, _body: bytes) -> Awaitable[Answer]:
    return read.answer(matched)
