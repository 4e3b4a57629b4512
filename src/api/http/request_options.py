"""Options in the head of a tick request: how to read its body and when to answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from api.http.content_coding import accepted_coding
from api.http.rate_limits import Client
from application.errors import FieldError, ValidationFailed
from application.ports.processor import Patience
from domain.access.principal import ANYBODY, Principal

_KEY = re.compile(rb'"?([\x21\x23-\x7e]{1,128})"?\Z')


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """media_type: the Content-Type as sent. durable: answer once on disk. key: the Idempotency-Key as sent.

    patience: how long the sender waits for room in the queues. coding: that the client accepts for the answer.
    known_tags: of answers that it has already. client: counts what it sends, where that is limited.
    """

    media_type: str | None = None
    durable: bool = False
    key: bytes | None = None
    patience: Patience = Patience.LIMITED
    coding: str | None = None
    known_tags: frozenset[str] = frozenset()
    sender: Principal = ANYBODY
    client: Client | None = None

    def sent_by(self, sender: Principal, client: Client | None = None) -> "RequestOptions":
        """A copy for a sender."""
        return replace(self, sender=sender, client=client)

    def overdue(self) -> "RequestOptions":
        """A copy for a sender that must not be held any longer."""
        return replace(self, patience=Patience.NONE)

    def read_key(self) -> str | None:
        """The Idempotency-Key, without its optional quotes. Each sender has keys of its own.

        Raises:
            ValidationFailed: it is not 1 to 128 visible ASCII characters.
        """
        if self.key is None:
            return None
        match = _KEY.match(self.key)
        if match is None:
            message = "must be 1 to 128 visible ASCII characters"
            raise ValidationFailed([FieldError("Idempotency-Key", "invalid_key", message)])
        key = match.group(1).decode("ascii")
        # No key has a space.
        return f"{self.sender.owner} {key}" if self.sender.id else key


def read_options(headers: Iterable[tuple[bytes, bytes]]) -> RequestOptions:
    """Read the options from headers with lower-case names."""
    media_type: str | None = None
    key: bytes | None = None
    coding: str | None = None
    known_tags: frozenset[str] = frozenset()
    durable = False
    for name, value in headers:
        if name == b"content-type" and media_type is None:
            media_type = value.decode("latin-1")
        elif name == b"prefer":
            # RFC 7240: unknown preferences are ignored.
            wishes = (wish.partition(b";")[0].strip().lower() for wish in value.split(b","))
            durable = durable or b"durable" in wishes
        elif name == b"idempotency-key":
            key = value.strip()
        elif name == b"accept-encoding":
            coding = accepted_coding(value.decode("latin-1"))
        elif name == b"if-none-match":
            known_tags |= tags_in(value.decode("latin-1"))
    return RequestOptions(media_type, durable, key, coding=coding, known_tags=known_tags)


def tags_in(if_none_match: str) -> frozenset[str]:
    """The entity tags in an `If-None-Match`, as they are written."""
    return frozenset(each.strip() for each in if_none_match.split(",")) - {""}
