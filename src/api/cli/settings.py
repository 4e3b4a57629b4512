"""`marketdata settings`."""

from pathlib import Path

import click
from pydantic import BaseModel

from api.cli.loading import config_option, load_or_exit
from infrastructure.settings_loader import masked


@click.command()
@config_option
def settings(config: Path | None) -> None:
    """Show the effective configuration and where each value comes from. Secrets are masked.

    \b
    marketdata settings
    MARKETDATA_SERVER__PORT=9000 marketdata settings --config my.toml
    """
    loaded = load_or_exit(config)
    sections: dict[str, BaseModel] = dict(loaded.settings)
    rows = [("key", "value", "from")]
    for key, origin in loaded.origins.items():
        section, _, name = key.partition(".")
        rows.append((key, _shown(getattr(sections[section], name)), origin))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for row in rows:
        click.echo(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}")


def _shown(value: object) -> str:
    value = masked(value)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(getattr(value, "value", value))
