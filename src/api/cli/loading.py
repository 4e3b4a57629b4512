"""Loads the configuration for the commands."""

from pathlib import Path
from typing import Any

import click

from infrastructure.settings_loader import InvalidSettings, LoadedSettings, load_settings

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file; appsettings.toml of this directory where not given.",
)

key_option = click.option(
    "--key",
    envvar="MARKETDATA_KEY",
    help="Key, if the service needs one. Others on this machine see options; they do not see MARKETDATA_KEY.",
)


class InvalidConfiguration(click.ClickException):
    """Exits with the status of a wrong option: both are for the caller to correct."""

    exit_code = 2


def load_or_exit(config: Path | None, overrides: dict[str, dict[str, Any]] | None = None) -> LoadedSettings:
    """Load the configuration, or exit with one readable message."""
    try:
        return load_settings(config, overrides)
    except InvalidSettings as error:
        raise InvalidConfiguration(f"invalid configuration\n{error}") from None
