import pytest

from domain.vectors import floats, integers, moved_floats, moved_integers


def test_rows_start_as_zeros_and_keep_what_is_written() -> None:
    numbers, times = floats(3), integers(3)
    numbers[1] = 0.1
    times[2] = -(1 << 60)
    assert list(numbers) == [0.0, 0.1, 0.0]
    assert list(times) == [0, 0, -(1 << 60)]


@pytest.mark.parametrize(("start", "end", "size"), [(0, 4, 4), (1, 3, 6), (2, 2, 1), (0, 4, 9)])
def test_moved_row_begins_with_the_part_and_leaves_the_old_one_alone(start: int, end: int, size: int) -> None:
    numbers, times = floats(4), integers(4)
    for at in range(4):
        numbers[at] = at + 0.5
        times[at] = at + 10
    zeros = [0] * (size - end + start)
    assert list(moved_floats(numbers, start, end, size)) == [0.5, 1.5, 2.5, 3.5][start:end] + zeros
    assert list(moved_integers(times, start, end, size)) == [10, 11, 12, 13][start:end] + zeros
    assert list(numbers) == [0.5, 1.5, 2.5, 3.5]
