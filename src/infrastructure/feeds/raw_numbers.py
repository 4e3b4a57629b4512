"""Numbers of a JSON text, as they are written."""

import msgspec

from domain.numbers import Number, read_number

# A field that is absent.
NO_NUMBER = msgspec.Raw()
_NULL = b"null"
# At most 15 digits, and a point: a float keeps them all.
_SHORT = 16
_TEXT = msgspec.json.Decoder(str)


def number_in(raw: msgspec.Raw) -> Number | None:
    """Return the number in a JSON value, which may be a string; None if it is absent or null.

    Raises:
        InvalidNumber: it is something else, or cannot be kept as written.
        msgspec.DecodeError: it is not UTF-8.
    """
    text = bytes(raw)
    if not text or text == _NULL:
        return None
    if (
        len(text) <= _SHORT
        and (len(text) < _SHORT or b"." in text)
        and text[0] in b"0123456789"
        and not text.count(b"e")
        and not text.count(b"E")
    ):
        return float(text)
    return read_number(_TEXT.decode(text) if text[:1] == b'"' else text.decode())
