"""`marketdata serve`."""

import sys
from pathlib import Path
from typing import Any

import click

from api.cli.loading import InvalidConfiguration, config_option, load_or_exit
from api.server import serve as run_server


@click.command()
@click.option("--host", help="Address to listen on, by default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, by default 8000; 0 for any free one.")
@config_option
@click.option(
    "--simulation/--no-simulation", default=None, help="Whether prices are simulated, in a store of their own."
)
def serve(host: str | None, port: int | None, config: Path | None, simulation: bool | None) -> None:
    """Start the service.

    Exits with 0 after an orderly stop, 1 if the service cannot start, and 2 for a wrong option or configuration.

    \b
    marketdata serve
    marketdata serve --host 0.0.0.0 --port 9000
    marketdata serve --config /etc/marketdata.toml
    MARKETDATA_PROCESSING__PARTITIONS=4 marketdata serve
    """
    overrides: dict[str, dict[str, Any]] = {
        "server": {key: value for key, value in (("host", host), ("port", port)) if value is not None},
        "simulation": {} if simulation is None else {"enabled": simulation},
    }
    loaded = load_or_exit(config, overrides).settings
    if loaded.is_exposed:
        raise InvalidConfiguration(
            f"sign-in is off, and who reaches {loaded.server.host or 'all addresses'} can write and remove prices\n"
            "Turn it on with auth.enabled = true, or listen on 127.0.0.1. If everybody on that network may do so,\n"
            "say it with auth.allow_anonymous_network = true."
        )
    if loaded.is_feed_exposed:
        raise InvalidConfiguration(
            f"who reaches {loaded.feeds.zeromq.bind} can send trades\n"
            "Name the keys of the publishers with feeds.zeromq.curve_secret_key and feeds.zeromq.curve_clients, or\n"
            "bind to 127.0.0.1. If everybody on that network may do so,\n"
            "say it with auth.allow_anonymous_network = true."
        )
    if problem := loaded.cluster_problem:
        raise InvalidConfiguration(problem)
    if loaded.auth.enabled and not loaded.storage.enabled and not loaded.cluster.enabled:
        raise InvalidConfiguration("auth.enabled cannot be true while storage.enabled is false: keys are in the store")
    sys.exit(run_server(loaded))
