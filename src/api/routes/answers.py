"""Answers as bytes."""

from typing import Any

from litestar import Response

from api.schemas import encode


def answer(view: object, status: int = 200) -> Response[Any]:
    return Response(encode(view), status_code=status, media_type="application/json")
