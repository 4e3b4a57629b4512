"""Secrets of the tests, and a search for them where they must not be.

Whatever secret a test makes up has CANARY in it. Those that the service makes up are known by their form.
"""

import re

CANARY = "c4n4ry"

_FORMS = {
    "a secret of a test": f"(?i:{CANARY})",
    "a key or its secret": r"md_[0-9a-f]{16}_[\w-]{43}",
    "a refresh token": r"\b[0-9a-f]{16}_[\w-]{43}",
    # Also an invitation, which is nothing else.
    "256 bits in base64url": r"(?<![\w/.-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{43}(?![\w-])",
    "an access token": r"eyJ[\w-]+\.eyJ[\w-]+",
    "the hash of a password": r"\$argon2",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "the password of an address": r"://[^\s:/@]*:(?!\*+@)[^\s/@]+@",
    "a cookie": r"marketdata_(?:access|refresh)=[^\s;\"']",
}
_FORM = re.compile("|".join(f"({form})" for form in _FORMS.values()), re.ASCII)


def leaks(text: str) -> list[str]:
    """What kinds of secrets are in a text, each with some of the text around it."""
    names = list(_FORMS)
    return [
        f"{names[(found.lastindex or 1) - 1]}: {text[max(found.start() - 80, 0) : found.end() + 20]!r}"
        for found in _FORM.finditer(text)
    ]
