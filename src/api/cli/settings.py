"""`marketdata settings`."""

from pathlib import Path

import click
import msgspec

from api.cli.loading import config_option, load_or_exit
from infrastructure.settings_loader import masked, value_of

# Decimals are numbers; what JSON does not know, such as a path, is text.
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help='Print an object of key -> {"value", "from"}.')
def settings(config: Path | None, as_json: bool) -> None:
    """Show the effective configuration and where each value comes from. Secrets are masked.

    \b
    marketdata settings
    MARKETDATA_SERVER__PORT=9000 marketdata settings --config my.toml
    marketdata settings --json | jq '."server.port".value'
    """
    loaded = load_or_exit(config)
    values = {key: masked(value_of(loaded.settings, key)) for key in loaded.origins}
    if as_json:
        told = {key: {"value": value, "from": loaded.origins[key]} for key, value in values.items()}
        click.echo(msgspec.json.format(_ENCODER.encode(told)).decode())
        return
    rows = [("key", "value", "from"), *((key, _shown(value), loaded.origins[key]) for key, value in values.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for row in rows:
        click.echo(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}")


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(getattr(value, "value", value))
