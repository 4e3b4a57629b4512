"""Answers built without the framework."""

from dataclasses import dataclass, field, replace

from api.http.asgi import Send
from api.http.content_coding import ENCODED_BYTES_MIN, encoded
from api.http.problems import MEDIA_TYPE, problem_body, problem_headers, problem_of
from application.errors import Draining
from infrastructure.telemetry.trace_context import TraceContext, current_trace


@dataclass(slots=True)
class Answer:
    """A complete answer, not to be modified. headers: besides Content-Type and Content-Length.

    written: what follows the headers of all answers, once it has been written; for `AnswerWriter`.
    """

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    written: bytes = field(default=b"", init=False, compare=False, repr=False)


def answer_to(given: BaseException, path: str, addition: str = "") -> Answer:
    """The problem answer for an error; `addition` is appended to its detail."""
    # Requests still in progress at the shutdown deadline are cancelled.
    error = given if isinstance(given, Exception) else Draining()
    if current_trace.get() is None:
        # Set here so that the log and the answer have the same trace id.
        current_trace.set(TraceContext())
    problem = problem_of(error, path)
    problem = replace(problem, detail=problem.detail + addition)
    return Answer(problem.status, MEDIA_TYPE, problem_body(problem, path), tuple(problem_headers(error).items()))


def encoded_answer(answer: Answer, coding: str | None) -> Answer:
    """The answer as the client accepts it: a body of more than 1 KiB may be encoded."""
    if len(answer.body) <= ENCODED_BYTES_MIN:
        return answer
    headers = (*answer.headers, ("Vary", "Accept-Encoding"))
    if coding is None:
        return replace(answer, headers=headers)
    return replace(answer, body=encoded(answer.body, coding), headers=(*headers, ("Content-Encoding", coding)))


def unless_known(answer: Answer, tags: frozenset[str]) -> Answer:
    """The answer, or 304 if its `ETag` is among the tags that the client knows."""
    own = next((value for name, value in answer.headers if name == "ETag"), None)
    if own is None or not tags & {own, "*"}:
        return answer
    return replace(answer, status=304, body=b"")


async def send_answer(send: Send, answer: Answer) -> int:
    """Send an answer over ASGI and return its status."""
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    length = (b"content-length", b"%d" % len(answer.body))
    await start_answer(send, answer.status, answer.media_type, length, *headers)
    await send({"type": "http.response.body", "body": answer.body})
    return answer.status


async def start_answer(send: Send, status: int, media_type: str, *headers: tuple[bytes, bytes]) -> None:
    """Send the head of an answer over ASGI."""
    sent = [(b"content-type", media_type.encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": sent})
