import pytest

from api.live.client_messages import Ping, Refused, Subscribe, channels_of, decode_op, id_of


def test_subscription_has_defaults() -> None:
    op = decode_op(b'{"op":"subscribe","symbols":["A"]}')
    assert op == Subscribe(symbols=["A"], channels=None, interval_ms=None, id=None)
    assert decode_op(b'{"op":"ping","id":"x"}') == Ping(id="x")


@pytest.mark.parametrize(
    ("text", "code", "its_id"),
    [
        (b"", "malformed", None),
        (b"{", "malformed", None),
        (b'{"op":"ping","id":' + b"[" * 100_000, "invalid", None),
        (b'{"op":"subscribe"', "malformed", None),
        (b"[1]", "invalid", None),
        (b'{"op":"dance","id":5}', "unknown_op", 5),
        (b'{"id":"a"}', "unknown_op", "a"),
        (b'{"op":5,"id":"a"}', "unknown_op", "a"),
        (b'{"op":"subscribe","id":6}', "invalid", 6),
        (b'{"op":"subscribe","symbols":"A"}', "invalid", None),
        (b'{"op":"subscribe","symbols":["A"],"intervalMs":1.5}', "invalid", None),
        (b'{"op":"subscribe","symbols":["A"],"speed":1,"id":2}', "invalid", 2),
        (b'{"op":"ping","id":{}}', "invalid", None),
    ],
)
def test_what_cannot_be_done_is_named(text: bytes, code: str, its_id: object) -> None:
    with pytest.raises(Refused) as refusal:
        decode_op(text)
    assert refusal.value.code == code
    assert str(refusal.value).endswith(".")
    assert id_of(text) == its_id


def test_channels_are_those_named_or_those_of_the_first_subject() -> None:
    known, default = ("prices", "anomalies", "counts"), ("prices", "anomalies")
    assert channels_of(None, known, default) == default
    assert channels_of(("counts",), known, default) == ("counts",)
    with pytest.raises(Refused) as refusal:
        channels_of(("prices", "news"), known, default)
    assert (refusal.value.code, str(refusal.value)) == ("invalid", "Invalid enum value 'news' - at `$.channels[1]`.")
