"""Secrets from the operating system's source of randomness."""

import secrets


class RandomSecrets:
    def identifier(self) -> str:
        return secrets.token_hex(8)

    def secret(self) -> str:
        return secrets.token_urlsafe(32)
