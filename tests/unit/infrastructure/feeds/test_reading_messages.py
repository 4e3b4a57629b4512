"""Messages of machines: topic and payload."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.reading_decoding import moment_us
from domain.readings.reading import Quality, Reading
from infrastructure.feeds.mqtt.reading_messages import BadMessage, ReadingMessages

MESSAGES = ReadingMessages("plant/+/sensors/+", moment_us, 2)
NOW = 1_769_860_800_000_000
TOPIC = "plant/cnc-1/sensors/Temp"


def test_number_alone_is_read_now() -> None:
    assert MESSAGES.read(TOPIC, b" -8.5e1\n", NOW) == Reading("CNC-1/TEMP", -85.0, NOW)


def test_object_says_the_rest() -> None:
    payload = '{"value":"1.50","unit":"°C","quality":"bad","timestamp":"2026-01-31T12:00:00.5Z","id":"x"}'.encode()
    read = MESSAGES.read(TOPIC, payload, NOW)
    assert read == Reading("CNC-1/TEMP", 1.5, NOW + 500_000, Quality.BAD, "°C", "x")


def test_message_with_a_time_is_known_by_what_it_says() -> None:
    first = MESSAGES.read(TOPIC, b'{"value":1,"timestamp":1769860800000}', NOW)
    again = MESSAGES.read(TOPIC, b'{"value":1,"timestamp":1769860800000}', NOW + 1)
    other = MESSAGES.read(TOPIC, b'{"value":2,"timestamp":1769860800000}', NOW)
    assert first.id == again.id != other.id
    assert MESSAGES.read(TOPIC, b'{"value":1}', NOW).id is None


@pytest.mark.parametrize(
    ("topic", "payload", "kind"),
    [
        ("plant/a/sensors", b"1", "topic"),
        ("plant/a b/sensors/t", b"1", "topic"),
        ("plant/a/sensors/ä", b"1", "topic"),
        (TOPIC, b"", "empty"),
        (TOPIC, b"null", "empty"),
        (TOPIC, b"NaN", "invalid"),
        (TOPIC, b"1e999", "invalid"),
        (TOPIC, b"[1]", "invalid"),
        (TOPIC, b"{", "not_json"),
        (TOPIC, b"\xff", "not_json"),
        (TOPIC, b'{"value":true}', "invalid"),
        (TOPIC, b'{"value":1,"machineId":"a"}', "invalid"),
        (TOPIC, b'{"value":1,"timestamp":1}', "invalid"),
        (TOPIC, b'{"value":1,"quality":"fine"}', "invalid"),
    ],
)
def test_bad_messages_are_told_apart_by_kind(topic: str, payload: bytes, kind: str) -> None:
    with pytest.raises(BadMessage) as bad:
        MESSAGES.read(topic, payload, NOW)
    assert bad.value.kind == kind


@given(st.text(max_size=20), st.binary(max_size=40))
def test_whatever_comes_is_a_reading_or_a_bad_message(level: str, payload: bytes) -> None:
    try:
        MESSAGES.read(f"plant/{level}/sensors/t", payload, NOW)
    except BadMessage as bad:
        assert bad.kind in {"topic", "empty", "invalid", "not_json"}  # noqa: PT017  # it need not be raised
