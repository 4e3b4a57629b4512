"""`marketdata settings`."""

from pathlib import Path

import click
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

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
    table = Table("key", "value", "from", box=None, pad_edge=False)
    values: dict[str, BaseModel] = dict(loaded.settings)
    for key, origin in loaded.origins.items():
        section, _, name = key.partition(".")
        table.add_row(key, _shown(getattr(values[section], name)), origin)
    Console(soft_wrap=True, highlight=False, markup=False).print(table)


def _shown(value: object) -> str:
    value = masked(value)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(getattr(value, "value", value))
