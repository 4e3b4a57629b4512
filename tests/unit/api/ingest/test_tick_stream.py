from hypothesis import given
from hypothesis import strategies as st

from api.ingest.tick_stream import Lines


@given(st.lists(st.binary(max_size=6) | st.sampled_from([b"\n", b"a\n", b"\n\n"]), max_size=12))
def test_lines_come_out_whole_however_they_arrive(parts: list[bytes]) -> None:
    lines = Lines()
    blocks = []
    for part in parts:
        block, gave_up = lines.feed(part)
        assert not gave_up
        assert not block or block.endswith(b"\n")
        blocks.append(block)
    assert b"".join([*blocks, lines.last()]) == b"".join(parts)
    assert b"\n" not in lines.last()


def test_line_that_goes_on_for_too_long_is_given_up_once_and_passed_over() -> None:
    lines = Lines()
    assert lines.feed(b"a\n" + b"x" * 40_000) == (b"a\n", False)
    assert lines.feed(b"x" * 40_000) == (b"", True)
    assert lines.feed(b"x" * 80_000) == (b"", False)
    assert lines.last() == b""
    assert lines.feed(b"x\nb\nc") == (b"b\n", False)
    assert lines.last() == b"c"
