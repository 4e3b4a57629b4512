"""`marketdata receive`."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time

import click

from infrastructure.delivery.signature import HEADER, is_genuine

_BODY_BYTES_MAX = 1_048_576


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=9100, show_default=True, help="Port to listen on.")
@click.option("--secret", envvar="MARKETDATA_RECEIVE_SECRET", help="Secret of the channel, to verify signatures.")
def receive(port: int, secret: str | None) -> None:
    """Receive notifications on 127.0.0.1, print them, and say whether their signatures are genuine.

    Others on this machine see options; they do not see MARKETDATA_RECEIVE_SECRET.

    \b
    MARKETDATA_RECEIVE_SECRET=... marketdata receive --port 9100
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > _BODY_BYTES_MAX:
                self.send_error(413)
                return
            body = self.rfile.read(int(length))
            signature = self.headers.get(HEADER, "")
            if secret is None:
                told = "not verified"
            else:
                told = "genuine" if is_genuine(secret, signature, body, int(time())) else "NOT GENUINE"
            click.echo(f"{self.headers.get('Idempotency-Key', '-')} {told} {body.decode(errors='replace')}")
            self.send_response(400 if told == "NOT GENUINE" else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """What comes is printed above."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {port}: {error.strerror}") from None
    click.echo(f"receiving on http://127.0.0.1:{server.server_port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
