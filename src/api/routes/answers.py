"""Answers as responses of the framework."""

from typing import Any

from litestar import Response

from api.answer import Answer
from api.schemas import encode


def answer(view: object, status: int = 200) -> Response[Any]:
    return Response(encode(view), status_code=status, media_type="application/json")


def response_of(given: Answer) -> Response[Any]:
    return Response(given.body, status_code=given.status, media_type=given.media_type, headers=dict(given.headers))
