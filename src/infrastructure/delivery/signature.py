"""Signatures of webhooks: HMAC-SHA-256 over the time and the body, so that nobody can make one or send an old one."""

import hmac
import re

HEADER = "X-Marketdata-Signature"
# How old a signature may be for a receiver, either way.
TOLERANCE_SECONDS = 300

_SIGNATURE = re.compile(r"t=([0-9]{1,15}),v1=([0-9a-f]{64})\Z")


def sign(secret: str, seconds: int, body: bytes) -> str:
    """Return the value of the header. seconds: since the Unix epoch."""
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def is_genuine(secret: str, header: str, body: bytes, now_seconds: int) -> bool:
    """Whether a signature is of this secret and body, and not older than TOLERANCE_SECONDS."""
    match = _SIGNATURE.match(header)
    if match is None:
        return False
    seconds = int(match.group(1))
    matches = hmac.compare_digest(match.group(2), _digest(secret, seconds, body))
    return matches and abs(now_seconds - seconds) <= TOLERANCE_SECONDS


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d.%b" % (seconds, body), "sha256").hexdigest()
