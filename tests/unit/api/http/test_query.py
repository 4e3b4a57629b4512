from enum import Enum
from typing import Annotated

import msgspec
import pytest
from litestar.datastructures import MultiDict

from api.http.query import Cursor, Limit, Moment, NoQuery, Query, parameters_of, read_query
from application.errors import ValidationFailed


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Example(Query, frozen=True, rename={"from_": "from"}):
    colour: Annotated[Colour, msgspec.Meta(description="A colour.", examples=["red"])]
    from_: Annotated[Moment | None, msgspec.Meta(description="Since then.")] = None
    loud: Annotated[bool, msgspec.Meta(description="Shout.", extra_json_schema={"default": False})] = False
    limit: Limit = None
    cursor: Cursor = None


def read(*pairs: tuple[str, str]) -> Example:
    return read_query(Example, MultiDict(pairs))


def test_a_query_string_becomes_a_struct() -> None:
    given = [("colour", "blue"), ("from", "1970-01-01T00:00:01Z"), ("loud", "true"), ("limit", "7"), ("cursor", "x")]
    assert read(*given) == Example(Colour.BLUE, Moment(1_000_000), True, 7, "x")
    assert read(("colour", "red"), ("from", "1618628922037")) == Example(Colour.RED, Moment(1_618_628_922_037_000))


@pytest.mark.parametrize(
    ("pairs", "field", "code"),
    [
        ([("colour", "red"), ("size", "1")], "size", "unknown_parameter"),
        ([("colour", "red"), ("colour", "blue")], "colour", "repeated"),
        ([], "colour", "missing"),
        ([("colour", "green")], "colour", "unknown_value"),
        ([("colour", "red"), ("from", "yesterday")], "from", "invalid_timestamp"),
        ([("colour", "red"), ("from", "1618628922")], "from", "invalid_timestamp"),
        ([("colour", "red"), ("loud", "yes")], "loud", "unknown_value"),
        ([("colour", "red"), ("limit", "ten")], "limit", "not_an_integer"),
        ([("colour", "red"), ("limit", "")], "limit", "not_an_integer"),
        ([("colour", "red"), ("limit", "-1")], "limit", "not_an_integer"),
        ([("colour", "red"), ("limit", "1234567890")], "limit", "not_an_integer"),
    ],
)
def test_what_cannot_be_read_is_named(pairs: list[tuple[str, str]], field: str, code: str) -> None:
    with pytest.raises(ValidationFailed) as failure:
        read(*pairs)
    (error,) = failure.value.errors
    assert (error.field, error.code) == (field, code)


def test_a_required_choice_says_what_there_is() -> None:
    with pytest.raises(ValidationFailed, match="is required; it is one of red, blue"):
        read()
    with pytest.raises(ValidationFailed, match="it has none"):
        read_query(NoQuery, MultiDict([("x", "1")]))


def test_the_same_fields_are_the_parameters_of_the_document() -> None:
    described = {each["name"]: each for each in parameters_of(Example)}
    assert list(described) == ["colour", "from", "loud", "limit", "cursor"]
    assert described["colour"] == {
        "name": "colour",
        "in": "query",
        "description": "A colour.",
        "schema": {"enum": ["red", "blue"]},
        "example": "red",
        "required": True,
    }
    assert described["loud"]["schema"] == {"type": "boolean", "default": False}
    assert described["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
