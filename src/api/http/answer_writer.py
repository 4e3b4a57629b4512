"""Serialises answers as HTTP/1.1."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.answer import Answer

_NOT_MODIFIED = 304


class AnswerWriter:
    """Serialises answers, for all connections.

    Keeps what many answers share: uvicorn's default headers, which change once a second, and whatever of an answer
    does not depend on the request, since the same one is often sent many times.
    """

    def __init__(self) -> None:
        self._defaults: list[tuple[bytes, bytes]] = []
        self._beginnings: dict[int, bytes] = {}

    def written(
        self,
        answer: Answer,
        request_id: str,
        defaults: list[tuple[bytes, bytes]],
        closing: bool = False,
        fields: bytes = b"",
    ) -> bytes:
        """The bytes of an answer. closing: with `Connection: close`. fields: more headers, each behind a line break."""
        if defaults is not self._defaults:
            self._defaults = defaults
            self._beginnings.clear()
        beginning = self._beginnings.get(answer.status) or self._begin(answer.status)
        rest = answer.written
        if not rest:
            rest = answer.written = _rest(answer)
        if closing:
            fields += b"\r\nconnection: close"
        return b"%b%b%b%b" % (beginning, request_id.encode(), fields, rest)

    def _begin(self, status: int) -> bytes:
        headers = b"".join(b"%b: %b\r\n" % pair for pair in self._defaults)
        beginning = (
            b"%b%bx-content-type-options: nosniff\r\ncross-origin-resource-policy: same-origin\r\nx-request-id: "
            % (STATUS_LINE[status], headers)
        )
        self._beginnings[status] = beginning
        return beginning


def _rest(answer: Answer) -> bytes:
    headers = "".join(f"\r\n{name.lower()}: {value}" for name, value in answer.headers)
    if answer.status == _NOT_MODIFIED:
        return headers.encode() + b"\r\n\r\n"
    return b"%b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        headers.encode(),
        answer.media_type.encode(),
        len(answer.body),
        answer.body,
    )
