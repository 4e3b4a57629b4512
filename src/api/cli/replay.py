"""`marketdata replay`."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from infrastructure.feeds.recordings import RecordedTick, UnreadableRecording, read_recording

_TIMEOUT_SECONDS = 30
_RETRIES_MAX = 30
_RETRY_SECONDS_MAX = 60
_ERRORS_SHOWN = 5
_SPEED_MIN, _SPEED_MAX = 0.001, 1_000_000


class _Speed(click.ParamType[float | None]):
    """A factor, or `max` (None)."""

    name = "FACTOR|max"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        try:
            factor = float(str(value)) if value != "max" else None
        except ValueError:
            factor = 0.0
        if factor is not None and not _SPEED_MIN <= factor <= _SPEED_MAX:
            self.fail(f"{value!r} is neither max nor a factor from {_SPEED_MIN} to {_SPEED_MAX}", param, ctx)
        return factor


class _Outcome:
    """Running totals of what was sent, with examples of errors."""

    def __init__(self) -> None:
        self.accepted = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self.examples: list[str] = []

    def take(self, sent: int, answer: "_Answer") -> None:
        rejected = sent - answer.accepted
        self.accepted += answer.accepted
        self.rejected += rejected
        # One reason per tick, the first. The service limits the errors it reports per batch.
        first_of = {error.index: error for error in reversed(answer.errors)}
        for error in first_of.values():
            self.reasons[error.code] += 1
            if len(self.examples) < _ERRORS_SHOWN:
                self.examples.append(f"{error.field or 'tick'} {error.message}")
        if rejected > len(first_of):
            self.reasons[answer.title or "not named"] += rejected - len(first_of)
        if answer.detail and not first_of and len(self.examples) < _ERRORS_SHOWN:
            self.examples.append(answer.detail)


class _Error(msgspec.Struct):
    field: str
    code: str
    message: str
    index: int | None = None


class _Answer(msgspec.Struct):
    """The response to a batch: the result or a problem."""

    accepted: int = 0
    errors: list[_Error] = []
    title: str = ""
    detail: str = ""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The service to send to.")
@click.option("--speed", type=_Speed(), default="max", show_default=True, help="How fast, against the recording.")
@click.option("--batch-size", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Ticks a request.")
def replay(files: tuple[Path, ...], url: str, speed: float | None, batch_size: int) -> None:
    """Send recorded ticks to a running service.

    FILES are CSV with the header timestamp,symbol,price,volume, or NDJSON. The exit status is 1 if any tick was
    rejected.

    \b
    marketdata replay ticks.csv                      as fast as the service accepts them
    marketdata replay ticks.csv --speed 1            at the recorded pace
    marketdata replay monday.csv tuesday.ndjson --speed 60 --url http://market.example:8000
    """
    outcome = _Outcome()
    start = time.monotonic()
    with httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS) as client, _progress() as progress:
        for file in files:
            try:
                task = progress.add_task(file.name, total=_count_lines(file))
                with file.open("rb") as stream:
                    for batch in _batches(read_recording(stream), speed, batch_size):
                        outcome.take(len(batch), _send(client, batch))
                        progress.advance(task, len(batch))
                progress.update(task, total=progress.tasks[task].completed)
            except UnreadableRecording as error:
                raise click.ClickException(f"{file}: {error}") from None
            except httpx.HTTPError as error:
                raise click.ClickException(f"{url}: {error} (after {outcome.accepted} ticks accepted)") from None
    _summarise(outcome, time.monotonic() - start)
    sys.exit(1 if outcome.rejected else 0)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))


def _count_lines(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(1 for _ in stream)


def _batches(ticks: Iterable[RecordedTick], speed: float | None, size: int) -> Iterator[list[RecordedTick]]:
    """Group ticks into batches; with a speed, a batch ends early when the next tick is not due yet."""
    batch: list[RecordedTick] = []
    start = time.monotonic()
    first_us: int | None = None
    for tick in ticks:
        if speed is not None and (timestamp_us := _timestamp_us(tick.timestamp)) is not None:
            first_us = timestamp_us if first_us is None else first_us
            wait = start + (timestamp_us - first_us) / 1_000_000 / speed - time.monotonic()
            if wait > 0:
                if batch:
                    yield batch
                    batch = []
                time.sleep(wait)
        batch.append(tick)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _timestamp_us(timestamp: object) -> int | None:
    try:
        return from_rfc3339(timestamp) if isinstance(timestamp, str) else from_milliseconds(timestamp)  # type: ignore[arg-type]  # a file may hold any type
    except (InvalidTimestamp, TypeError):
        return None


def _send(client: httpx.Client, batch: list[RecordedTick]) -> _Answer:
    """Post a batch, retrying on 503, which means that none of it was accepted."""
    body = "\n".join(tick.line for tick in batch).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    for _ in range(_RETRIES_MAX):
        answer = client.post("/api/prices/batch", content=body, headers=headers)
        if answer.status_code != 503:
            break
        # A proxy may send a date instead of seconds; wait one second then.
        wait = answer.headers.get("Retry-After", "")
        time.sleep(min(int(wait), _RETRY_SECONDS_MAX) if wait.isdecimal() else 1)
    try:
        read = msgspec.json.decode(answer.content, type=_Answer)
    except msgspec.DecodeError:
        read = None
    if read is None or not (read.accepted or read.title):
        raise click.ClickException(f"{client.base_url} is not a marketdata service: it answered {answer.status_code}")
    return read


def _summarise(outcome: _Outcome, seconds: float) -> None:
    sent = outcome.accepted + outcome.rejected
    rate = sent / seconds if seconds else 0
    click.echo(f"{outcome.accepted} accepted, {outcome.rejected} rejected, {rate:,.0f} ticks a second")
    for reason, count in outcome.reasons.most_common():
        click.echo(f"  {reason}: {count}")
    for example in outcome.examples:
        click.echo(f"  for example: {example}")
