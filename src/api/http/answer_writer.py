"""Serialises answers as HTTP/1.1."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.answer import Answer


class AnswerWriter:
    """Serialises answers, for all connections; caches uvicorn's default headers, which change once a second."""

    def __init__(self) -> None:
        self._defaults: list[tuple[bytes, bytes]] = []
        self._written_defaults = b""

    def written(
        self, answer: Answer, request_id: str, defaults: list[tuple[bytes, bytes]], closing: bool = False
    ) -> bytes:
        """The bytes of an answer. closing: with `Connection: close`."""
        if defaults is not self._defaults:
            self._defaults = defaults
            self._written_defaults = b"".join(b"%b: %b\r\n" % pair for pair in defaults)
        more = "".join(f"{name.lower()}: {value}\r\n" for name, value in answer.headers).encode()
        if closing:
            more += b"connection: close\r\n"
        return b"%b%b%bx-request-id: %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
            STATUS_LINE[answer.status],
            self._written_defaults,
            more,
            request_id.encode(),
            answer.media_type.encode(),
            len(answer.body),
            answer.body,
        )
