"""The fast path: the routes that are called all day, answered straight from the socket, without a framework.

A Litestar handler costs more than all the rest of a tick together (docs/decisions/0005-a-fast-path.md has the figures).
Litestar has the same routes, for requests that do not come this way.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from api.http.answer import Answer, answer_to
from api.http.request_options import RequestOptions

Respond = Callable[[RequestOptions, bytes], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class FastRoute:
    """template: how metrics name it. respond: from the request's options and body to the answer.

    brings_observations: whether a request has to be admitted.
    """

    template: str
    path: str
    respond: Respond
    brings_observations: bool


@dataclass(frozen=True, slots=True)
class FastRead:
    """A GET whose path matches `pattern`, which has one group. answer: of what the group matched."""

    template: str
    pattern: re.Pattern[str]
    answer: Callable[[str], Awaitable[Answer]]


class FastPath:
    """posts: what answers a POST, by its path. reads: what answers a GET."""

    def __init__(self, posts: Mapping[str, Respond], reads: Sequence[FastRead]) -> None:
        self._posts = {path: FastRoute(path, path, respond, True) for path, respond in posts.items()}
        self._reads = reads

    def route(self, method: str, path: str) -> FastRoute | None:
        """The route of a request without a query; None where the framework answers it."""
        if method == "POST":
            return self._posts.get(path)
        if method == "GET":
            for read in self._reads:
                if match := read.pattern.match(path):
                    return FastRoute(read.template, path, partial(_read, read, match.group(1)), False)
        return None

    async def answer(self, route: FastRoute, options: RequestOptions, body: bytes) -> Answer:
        """What the route answers, or the problem that came up."""
        try:
            return await route.respond(options, body)
        except (Exception, asyncio.CancelledError) as given:
            return answer_to(given, route.path)


def _read(read: FastRead, matched: str, _options: RequestOptions, _body: bytes) -> Awaitable[Answer]:
    return read.answer(matched)
