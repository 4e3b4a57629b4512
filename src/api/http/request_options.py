"""What the head of a request for ticks to be taken says about its body, and about the answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.ports.processor import Patience

_KEY = re.compile(rb'"?([\x21\x23-\x7e]{1,128})"?\Z')


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """media_type: the body's, as it was written. durable: answer once it is on disk. key: names the request.

    patience: of whoever sent it, for room in the queues.
    """

    media_type: str | None = None
    durable: bool = False
    key: bytes | None = None
    patience: Patience = Patience.LIMITED

    def overdue(self) -> "RequestOptions":
        """The same, of a sender that is to be held no longer."""
        return replace(self, patience=Patience.NONE)

    def read_key(self) -> str | None:
        """The Idempotency-Key, without quotes that it may stand in.

        Raises:
            ValidationFailed: it is not 1 to 128 visible characters of ASCII.
        """
        if self.key is None:
            return None
        match = _KEY.match(self.key)
        if match is None:
            message = "must be 1 to 128 visible ASCII characters"
            raise ValidationFailed([FieldError("Idempotency-Key", "invalid_key", message)])
        return match.group(1).decode("ascii")


def read_options(headers: Iterable[tuple[bytes, bytes]]) -> RequestOptions:
    """The options in headers, whose names are in lower case."""
    media_type: str | None = None
    key: bytes | None = None
    durable = False
    for name, value in headers:
        if name == b"content-type" and media_type is None:
            media_type = value.decode("latin-1")
        elif name == b"prefer":
            # RFC 7240: preferences that are not known are passed over.
            wishes = (wish.partition(b";")[0].strip().lower() for wish in value.split(b","))
            durable = durable or b"durable" in wishes
        elif name == b"idempotency-key":
            key = value.strip()
    return RequestOptions(media_type, durable, key)
