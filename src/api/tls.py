"""Checks the certificate and key for TLS."""

import ssl
from pathlib import Path

from infrastructure.settings import ServerSettings

# For a year, browsers ask by TLS only.
HSTS = ("strict-transport-security", "max-age=31536000")


class UnusableTls(Exception):
    """The certificate or its key cannot be used. The message begins with the setting."""


def check_tls(server: ServerSettings) -> None:
    """Raises UnusableTls."""
    if not server.tls_certificate:
        return
    _check_readable("server.tls_certificate", server.tls_certificate)
    _check_readable("server.tls_key", server.tls_key)
    # A callable, because without one OpenSSL asks on the terminal.
    password = server.tls_key_password.get_secret_value
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(server.tls_certificate, server.tls_key, password)
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise UnusableTls("server.tls_key does not belong to server.tls_certificate") from None
        raise UnusableTls(
            "server.tls_certificate, server.tls_key: they are not a certificate and its key in PEM, "
            "or server.tls_key_password is wrong"
        ) from None


def _check_readable(setting: str, file: str) -> None:
    try:
        Path(file).open("rb").close()
    except OSError as error:
        raise UnusableTls(f"{setting}: {file}: {error.strerror}") from None
