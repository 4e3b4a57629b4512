"""What the OpenAPI document says of a route that cannot be seen from its handler: words, examples, problems, bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

Json = dict[str, Any]

# Where a handler keeps it.
OPT = "reference"


@dataclass(frozen=True, slots=True)
class Documented:
    """description, example: of the ordinary answer, whose shape is what the handler returns.

    media: examples of the same in other media types. also: (shape, description, example) of answers by their status.
    problems: statuses. headers: parameters. body: by media type. content: where the handler's return does not tell it.
    """

    description: str
    example: object
    media: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[int, tuple[type[msgspec.Struct], str, object]] = field(default_factory=dict)
    problems: Sequence[int] = ()
    headers: Sequence[Json] = ()
    body: Mapping[str, Json] = field(default_factory=dict)
    content: Json | None = None


def documented(description: str, example: object = None, **more: Any) -> Json:
    """For the `opt` of a handler."""
    return {OPT: Documented(description, example, **more)}


def header(name: str, description: str, example: object = None) -> Json:
    """A header that a request may have."""
    parameter: Json = {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
    return parameter if example is None else parameter | {"example": example}


def text(media_type: str, example: str) -> Json:
    """Content that is no JSON."""
    return {media_type: {"schema": {"type": "string"}, "example": example}}
