"""The lines of `marketdata watch`, for pipes and files."""

import click

from marketdata_client import Connected, Disconnected, Gap, Message, MoveChange, MoveSeen, Prices, Snapshot, Statistics


def print_message(message: Message, text: str, as_json: bool, url: str) -> None:
    """Print what a message says: changes on standard output, news of the connection on standard error.

    text: the message as it was received. as_json: print that.
    """
    match message:
        case Snapshot() | Prices() | MoveSeen() | Gap() if as_json:
            click.echo(text)
        case Snapshot() | Prices():
            for item in message.prices:
                click.echo(_price_line(item))
        case MoveSeen():
            click.echo(_move_line(message.move))
        case Gap():
            click.echo(f"{message.moves} changes of moves were dropped: this reader is too slow", err=True)
        case Connected():
            click.echo(f"connected to {url}", err=True)
        case Disconnected():
            click.echo(f"{message.reason}; retrying in {message.retry_seconds:.1f} s", err=True)


def _price_line(item: Statistics) -> str:
    return f"{item.last_update_time.isoformat()} {item.symbol} {item.current_price:f}"


def _move_line(move: MoveChange) -> str:
    change = f"{move.peak_percent:+.2f}% {move.severity} {move.change}"
    return f"{(move.ended_at or move.started_at).isoformat()} {move.symbol} {move.peak_price:f} {change}"
