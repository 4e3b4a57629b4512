import asyncio
import io
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from api.http.asgi import IS_HEAD
from api.http.downloads import Downloads, Part
from application.errors import HistoryUnavailable
from infrastructure.parquet_table import Kind, ParquetTable

TABLE = ParquetTable({"number": Kind.COUNT}, lambda item: (item,))
SCOPE = {"path": "/numbers", IS_HEAD: False}


class Numbers:
    """The numbers below `count`. asked: the places and limits of every question."""

    def __init__(self, count: int, failing_at: int | None = None) -> None:
        self.asked: list[tuple[int, int]] = []
        self._count = count
        self._failing_at = failing_at

    async def part(self, place: int, limit: int) -> Part:
        self.asked.append((place, limit))
        if self._failing_at is not None and place >= self._failing_at:
            raise HistoryUnavailable
        end = min(place + limit, self._count)
        return Part(range(place, end), end if end < self._count else None)


class Client:
    """Takes what is sent. reads: whether it goes on reading, after each part of the body."""

    def __init__(self, reads: Callable[[int], bool] = lambda parts: True) -> None:
        self.head: dict[str, Any] = {}
        self.parts: list[bytes] = []
        self.is_complete = False
        self.left = asyncio.Event()
        self.stopped = asyncio.Event()
        self._reads = reads

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.head = message
            return
        self.parts.append(message["body"])
        self.is_complete = not message.get("more_body", False)
        if not self._reads(len(self.parts)):
            self.stopped.set()
            await self.left.wait()

    async def receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}

    def numbers(self) -> list[int]:
        assert self.is_complete
        found: list[int] = pq.read_table(io.BytesIO(b"".join(self.parts)))["number"].to_pylist()
        return found


async def send(downloads: Downloads, numbers: Numbers, client: Client, limit: int | None = None, **scope: Any) -> None:
    download = await downloads.begin(TABLE, numbers.part, 0, limit)
    await download.to_asgi_response(None, None)({**SCOPE, **scope}, client.receive, client.send)  # type: ignore[arg-type]  # neither is used


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 10_001, 35_000])
@pytest.mark.parametrize("page_max", [3_000, 10_000, 1_000_000])
async def test_everything_comes_in_parts(count: int, page_max: int) -> None:
    numbers, client = Numbers(count), Client()
    await send(Downloads(page_max), numbers, client)
    assert client.numbers() == list(range(count))
    assert all(limit <= min(page_max, 10_000) for _, limit in numbers.asked)
    # At most a page more than what a part should have.
    assert len(client.parts) >= count // 12_000
    assert b"next-cursor" not in dict(client.head["headers"])


async def test_limit_ends_it_and_the_rest_is_behind_a_cursor() -> None:
    numbers, client = Numbers(100), Client()
    await send(Downloads(1000), numbers, client, limit=40)
    assert client.numbers() == list(range(40))
    assert numbers.asked == [(0, 40)]
    assert b"next-cursor" in dict(client.head["headers"])


async def test_nothing_is_read_while_the_client_does_not_read_nor_after_it_has_left() -> None:
    numbers, client = Numbers(1_000_000), Client(reads=lambda parts: parts < 3)
    sending = asyncio.create_task(send(Downloads(10_000), numbers, client))
    await client.stopped.wait()
    assert len(numbers.asked) == 3
    # Another client has its turn meanwhile.
    downloads = Downloads(10_000)
    stuck = [Client(reads=lambda parts: False) for _ in range(5)]
    waiting = [asyncio.create_task(send(downloads, Numbers(50_000), each)) for each in stuck]
    for each in stuck:
        await each.stopped.wait()
    quick = Client()
    await send(downloads, Numbers(50_000), quick)
    assert quick.numbers() == list(range(50_000))
    for each in (client, *stuck):
        each.left.set()
    await asyncio.gather(sending, *waiting)
    assert len(numbers.asked) <= 4
    assert not client.is_complete


async def test_failure_before_the_first_row_is_an_error_and_a_later_one_leaves_the_body_incomplete() -> None:
    with pytest.raises(HistoryUnavailable):
        await send(Downloads(10_000), Numbers(50_000, failing_at=0), Client())
    client = Client()
    await send(Downloads(10_000), Numbers(50_000, failing_at=20_000), client)
    assert len(client.parts) == 2
    assert not client.is_complete


async def test_a_key_that_is_revoked_meanwhile_gets_no_more() -> None:
    client = Client()
    downloads = Downloads(10_000, knows=lambda principal: len(client.parts) < 3)
    numbers = Numbers(1_000_000)
    await send(downloads, numbers, client)
    assert (len(client.parts), len(numbers.asked), client.is_complete) == (3, 3, False)


async def test_head_has_the_head_only() -> None:
    numbers, client = Numbers(50_000), Client()
    await send(Downloads(10_000), numbers, client, **{IS_HEAD: True})
    assert (client.head["status"], client.parts, len(numbers.asked)) == (200, [b""], 1)
