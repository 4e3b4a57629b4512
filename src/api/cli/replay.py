"""`marketdata replay`."""

import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType

import click
import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.cli.export import Timestamp
from api.cli.loading import config_option, key_option
from api.cli.replay_destinations import Destination, is_broker, service_at, topic_of
from api.cli.replay_log import SUBJECTS, in_batches, logged_ticks
from api.cli.replay_options import Columns, Speed
from api.cli.replay_outcome import Outcome
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.processing.time_range import EARLIEST_US, LATEST_US
from infrastructure.feeds.mqtt.reading_publisher import PublishFailed
from infrastructure.feeds.recorded_tick import (
    OPTION_QUOTES,
    TICKS,
    TRADES,
    ColumnMapping,
    Kind,
    RecordedBatch,
    RecordedTick,
    UnreadableRecording,
)
from infrastructure.feeds.recordings import Recording


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a replay as Ctrl+C does."""


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The service to send to, or an MQTT broker."
)
@key_option
@click.option("--speed", type=Speed(), default="max", show_default=True, help="Relative to the recorded pace.")
@click.option(
    "--batch-size", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Ticks per request."
)
@click.option("--trades", "has_trades", is_flag=True, help="The files record trades, as CSV or NDJSON.")
@click.option(
    "--options",
    "has_options",
    is_flag=True,
    help="The files hold option quotes, as CSV or NDJSON, or chains as NDJSON.",
)
@click.option("--subject", type=click.Choice(list(SUBJECTS)), help="Send the log of the configured store instead.")
@click.option("--from", "from_us", type=Timestamp(), default=EARLIEST_US, help="Only from this time on (RFC 3339).")
@click.option("--to", "to_us", type=Timestamp(), default=LATEST_US, help="Only before this time.")
@click.option("--topic", help="With a broker as --url: where readings go, such as replayed/+/+.")
@config_option
@click.option("--columns", type=Columns(), help="Rename columns or keys, and ignore others that are unknown.")
def replay(
    files: tuple[Path, ...],
    url: str,
    key: str | None,
    speed: float | None,
    batch_size: int,
    has_trades: bool,
    subject: str | None,
    from_us: int,
    to_us: int,
    topic: str | None,
    config: Path | None,
    columns: ColumnMapping | None,
    has_options: bool,
) -> None:
    """Send recorded ticks, trades or option quotes to a running service.

    FILES are CSV with a header, NDJSON, either of them compressed with gzip or zstd, or Parquet; their content tells
    which. The columns are timestamp,symbol,price,volume,id, of which only symbol and price are required. Other columns
    are refused; with --columns, those that it does not map are ignored. Names may be in snake_case. With --trades the
    columns are timestamp,symbol,side,quantity,price,venue,sentAt,id, of which only side and quantity are required. With
    --options they are the fields of an option quote, of which product, expiry, strike and optionType are required; a
    line of NDJSON with calls or puts is a whole chain.

    With --subject there are no FILES: what the store of this configuration has logged of it is sent again, in order of
    arrival, to a fresh service for example, which comes to the same states and alerts. Readings can also go to a
    --topic of an MQTT broker, with QoS 1; its first + is the machine, its second one the type of the sensor.

    The exit status is 1 if a tick was rejected, 130 after Ctrl+C, and 143 after SIGTERM.

    \b
    marketdata replay ticks.csv                      as fast as the service accepts them
    marketdata replay ticks.csv --speed 1            at the recorded pace
    marketdata replay monday.csv.gz tuesday.parquet --speed 60 --url http://market.example:8000
    marketdata replay monday.csv --trades            recorded trades
    marketdata replay chains.csv --options           option quotes
    marketdata replay --subject readings --from 2026-01-31T12:00:00Z --url http://127.0.0.1:9000
    marketdata replay --subject readings --url mqtt://127.0.0.1:1883 --topic replayed/+/+
    marketdata replay ticks.csv --columns time=timestamp,ticker=symbol,last=price
    """
    if bool(files) == bool(subject):
        raise click.UsageError("name either FILES or a --subject")
    if is_broker(url) and subject != "readings":
        raise click.UsageError("only what is logged of readings can go to an MQTT broker")
    signal.signal(signal.SIGTERM, _terminate)
    outcome = Outcome()
    if has_trades and has_options:
        raise click.UsageError("--trades and --options cannot be used together.")
    kind = OPTION_QUOTES if has_options else TRADES if has_trades else TICKS
    start = time.monotonic()
    failure = None
    status = 0
    try:
        with (
            topic_of(url, topic, config) if is_broker(url) else service_at(url, key) as destination,
            _progress() as progress,
        ):
            if subject is not None:
                file = Path(f"log of {subject}")
                logged = logged_ticks(config, subject, from_us, to_us)
                batches = in_batches(logged, batch_size) if speed is None else _paced(logged, speed, batch_size)
                for batch in batches:
                    _take(file, SUBJECTS[subject].path, batch, destination, outcome)
            for file in files:
                _replay_file(file, columns, kind, speed, batch_size, destination, outcome, progress)
    except KeyboardInterrupt as stop:
        status = 128 + (signal.SIGTERM if isinstance(stop, _Terminated) else signal.SIGINT)
    except UnreadableRecording as error:
        failure = click.ClickException(f"{file}: {error}")
    except (httpx.HTTPError, PublishFailed) as error:
        failure = click.ClickException(f"{url}: {error}")
    except click.ClickException as error:
        failure = error
    if failure is None or outcome.sent:
        outcome.summarise(time.monotonic() - start)
    if failure is not None:
        raise failure
    sys.exit(status or (1 if outcome.rejected else 0))


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    more = (TextColumn("{task.fields[ticks]:,} ticks"), TextColumn("elapsed"), TimeElapsedColumn())
    return Progress(*columns, *more, console=Console(stderr=True))


def _replay_file(
    file: Path,
    columns: ColumnMapping | None,
    kind: Kind,
    speed: float | None,
    batch_size: int,
    destination: Destination,
    outcome: Outcome,
    progress: Progress,
) -> None:
    task: TaskID = progress.add_task(file.name, total=None, ticks=0)
    ticks = 0
    with file.open("rb") as stream:
        recording = Recording(stream, columns, kind)
        batches = recording.batches(batch_size) if speed is None else _paced(recording, speed, batch_size)
        for batch in batches:
            _take(file, kind.chain_path if batch.is_chain else kind.path, batch, destination, outcome)
            ticks += len(batch.numbers)
            done = recording.done
            progress.update(task, total=None if done is None else 1.0, completed=done, ticks=ticks)
    progress.update(task, total=1.0, completed=1.0)


def _take(file: Path, path: str, batch: RecordedBatch, destination: Destination, outcome: Outcome) -> None:
    outcome.in_flight = len(batch.numbers)
    outcome.take(file, batch.numbers, destination.send(path, batch))
    outcome.in_flight = 0


def _paced(ticks: Iterable[RecordedTick], speed: float, size: int) -> Iterator[RecordedBatch]:
    """Group ticks into batches; a batch ends early when the next tick is not due yet."""
    batch: list[RecordedTick] = []
    start = time.monotonic()
    first_us: int | None = None
    for tick in ticks:
        if (timestamp_us := _timestamp_us(tick.timestamp)) is not None:
            first_us = timestamp_us if first_us is None else first_us
            wait = start + (timestamp_us - first_us) / 1_000_000 / speed - time.monotonic()
            if wait > 0:
                if batch:
                    yield RecordedBatch.of(batch)
                    batch = []
                time.sleep(wait)
        if tick.quotes:
            if batch:
                yield RecordedBatch.of(batch)
                batch = []
            yield RecordedBatch.of_chain(tick)
            continue
        batch.append(tick)
        if len(batch) == size:
            yield RecordedBatch.of(batch)
            batch = []
    if batch:
        yield RecordedBatch.of(batch)


def _timestamp_us(timestamp: object) -> int | None:
    try:
        return from_rfc3339(timestamp) if isinstance(timestamp, str) else from_milliseconds(timestamp)  # type: ignore[arg-type]  # a file may hold any type
    except (InvalidTimestamp, TypeError):
        return None
