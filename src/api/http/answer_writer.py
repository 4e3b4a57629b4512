"""Serialises answers as HTTP/1.1."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.answer import Answer


class AnswerWriter:
    """Serialises answers, for all connections.

    Caches uvicorn's default headers, which change once a second, and the last answer around its request id: feeders get
    the same one again and again.
    """

    def __init__(self) -> None:
        self._defaults: list[tuple[bytes, bytes]] = []
        self._written_defaults = b""
        self._last: Answer | None = None
        self._before = b""
        self._behind = b""

    def written(
        self, answer: Answer, request_id: str, defaults: list[tuple[bytes, bytes]], closing: bool = False
    ) -> bytes:
        """The bytes of an answer. closing: with `Connection: close`."""
        if answer is not self._last or defaults is not self._defaults or closing:
            self._write_around(answer, defaults, closing)
            self._last = None if closing else answer
        return b"%b%b%b" % (self._before, request_id.encode(), self._behind)

    def _write_around(self, answer: Answer, defaults: list[tuple[bytes, bytes]], closing: bool) -> None:
        if defaults is not self._defaults:
            self._defaults = defaults
            self._written_defaults = b"".join(b"%b: %b\r\n" % pair for pair in defaults)
        more = "".join(f"{name.lower()}: {value}\r\n" for name, value in answer.headers).encode()
        if closing:
            more += b"connection: close\r\n"
        self._before = b"%b%b%bx-content-type-options: nosniff\r\nx-request-id: " % (
            STATUS_LINE[answer.status],
            self._written_defaults,
            more,
        )
        self._behind = b"\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
            answer.media_type.encode(),
            len(answer.body),
            answer.body,
        )
