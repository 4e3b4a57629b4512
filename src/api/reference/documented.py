"""What OpenAPI cannot derive from a handler: descriptions, examples, problems, bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

Json = dict[str, Any]

# Key in the `opt` of a handler.
OPT = "reference"


@dataclass(frozen=True, slots=True)
class Documented:
    """description, example: of the success answer, whose shape is the handler's return type.

    media: examples of it, and of other answers, in other media types. files: binary media types that it comes in too.
    also: (shape, description, example) of other answers, by status.
    problems: statuses. headers: parameters. body: by media type. content: replaces the handler's return type.
    """

    description: str
    example: object
    media: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] = ()
    also: Mapping[int, tuple[type[msgspec.Struct], str, object]] = field(default_factory=dict)
    problems: Sequence[int] = ()
    headers: Sequence[Json] = ()
    body: Mapping[str, Json] = field(default_factory=dict)
    content: Json | None = None


def documented(description: str, example: object = None, **more: Any) -> Json:
    """For the `opt` of a handler."""
    return {OPT: Documented(description, example, **more)}


def header(name: str, description: str, example: object = None, schema: Json | None = None) -> Json:
    """An optional request header."""
    parameter: Json = {
        "name": name,
        "in": "header",
        "description": description,
        "schema": schema or {"type": "string"},
    }
    return parameter if example is None else parameter | {"example": example}


# Of routes that answer with a list.
ONE_PAGE = "One page; as NDJSON or CSV, with the next cursor in `Next-Cursor`."
# Of those that answer with a file too.
ONE_PAGE_OR_ALL = f"{ONE_PAGE} As Parquet all that there is from `from` to `to`; with `limit` one page, too."
# Of routes that take a batch.
IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "A retry with the same key gets the first answer.",
    schema={"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!#-~]+$"},
)


def text(media_type: str, example: str) -> Json:
    """Content other than JSON."""
    return {media_type: {"schema": {"type": "string"}, "example": example}}
