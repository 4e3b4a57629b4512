"""The command line: `marketdata`."""

import click

from api.cli.benchmark import benchmark
from api.cli.cluster import cluster
from api.cli.db import db
from api.cli.export import export
from api.cli.keys import keys
from api.cli.receive import receive
from api.cli.replay import replay
from api.cli.rules import rules
from api.cli.serve import serve
from api.cli.settings import settings
from api.cli.trade import trade
from api.cli.users import users
from api.cli.watch import watch


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="marketdata")
def main() -> None:
    """A real-time market data service.

    \b
    marketdata serve                                   on 127.0.0.1:8000
    marketdata serve --port 9000 --simulation          with simulated prices, in a store of their own
    marketdata replay ticks.csv --speed 10             send a recording, ten times as fast
    marketdata watch AAPL 'BTC*'                       prices and anomalies, live in the terminal
    marketdata trade buy 1.5 --symbol AAPL             send one trade
    marketdata benchmark burst                         publish trades over ZeroMQ, and measure it
    marketdata settings                                the effective settings and their sources
    marketdata db status                               the store's schema and size
    marketdata keys create --role feeder "desk 7"      a key for a program
    marketdata users create --role viewer ada          an account for a person
    marketdata cluster status                          the members of a cluster, and its lag
    marketdata rules add rules.toml                    what to raise alerts about
    marketdata receive --port 9100                     a receiver of alerts, to try it out
    marketdata export ticks ticks.parquet              stored ticks or candles, in a file
    """


main.add_command(serve)
main.add_command(replay)
main.add_command(watch)
main.add_command(trade)
main.add_command(benchmark)
main.add_command(settings)
main.add_command(db)
main.add_command(export)
main.add_command(keys)
main.add_command(users)
main.add_command(cluster)
main.add_command(rules)
main.add_command(receive)
