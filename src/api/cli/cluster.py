"""`marketdata cluster`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from api.cli.loading import InvalidConfiguration, config_option, load_or_exit
from api.subjects.registry import subjects_of
from infrastructure.settings import Settings

if TYPE_CHECKING:
    from infrastructure.cluster.status import ClusterStatus


@click.group()
def cluster() -> None:
    """Set up and inspect a cluster; cluster.brokers says where Kafka is.

    \b
    marketdata cluster create-topics --replication-factor 3
    marketdata cluster status
    """


@cluster.command("create-topics")
@click.option("--replication-factor", type=click.IntRange(1, 100), default=3, show_default=True)
@config_option
def create(replication_factor: int, config: Path | None) -> None:
    """Create the topics that do not exist, with processing.partitions partitions each."""
    # Local imports, here and below: only members of a cluster need its libraries.
    from infrastructure.cluster.clients import Clients  # noqa: PLC0415
    from infrastructure.cluster.topics import ClusterRefused, Topics, create_topics  # noqa: PLC0415

    settings = _settings(config)
    names = [subject.name for subject in subjects_of(settings)]
    try:
        made = create_topics(
            Clients(settings).admin(), Topics(settings.cluster.name), names, settings, replication_factor
        )
    except ClusterRefused as refused:
        raise click.ClickException(str(refused)) from None
    for name in made:
        click.echo(f"created {name}")
    if not made:
        click.echo("every topic exists")


@cluster.command()
@config_option
def status(config: Path | None) -> None:
    """Show the workers, the owner and the lag of every partition, and the age of the read model."""
    from infrastructure.cluster.clients import Clients  # noqa: PLC0415
    from infrastructure.cluster.status import read_status  # noqa: PLC0415
    from infrastructure.cluster.topics import ClusterRefused, Topics  # noqa: PLC0415

    settings = _settings(config)
    subjects = subjects_of(settings)
    try:
        found = read_status(Clients(settings), Topics(settings.cluster.name), subjects, settings)
    except ClusterRefused as refused:
        raise click.ClickException(str(refused)) from None
    _tell(found)


def _settings(config: Path | None) -> Settings:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    settings = load_or_exit(config).settings
    if not settings.cluster.enabled:
        raise InvalidConfiguration("cluster.brokers is empty: this is no cluster")
    if problem := settings.cluster_problem:
        raise InvalidConfiguration(problem)
    return settings


def _tell(found: "ClusterStatus") -> None:
    click.echo(f"cluster   {len(found.members)} workers")
    for subject, state in found.states.items():
        click.echo(f"group     {subject}: {state}")
    for name, owned in sorted(found.members.items()):
        click.echo(f"worker    {name}: {owned} partitions")
    click.echo("partition                 owner                     lag (records)  age (s)")
    for each in found.partitions:
        place = f"{each.subject}[{each.partition}]"
        age = "-" if each.age_seconds is None else f"{each.age_seconds:.1f}"
        click.echo(f"{place:<25} {each.owner or '-':<25} {each.lag:>13,}  {age:>7}")
