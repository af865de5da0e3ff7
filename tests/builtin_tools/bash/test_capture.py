"""What is kept of an output, to the byte."""

import os
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from toolyard.builtin_tools.bash.broker.capture import Capture


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


@pytest.mark.parametrize("most", [1, 2, 3, 10, 11])
@pytest.mark.parametrize("more", [-1, 0, 1, 2, 100])
def test_head_tail_and_what_lies_between_make_the_whole(most: int, more: int) -> None:
    written = bytes(range(33, 33 + max(0, min(most + more, 90))))
    with pipe() as (reading, writing):
        capture = Capture(reading, most)
        for byte in written:
            os.write(writing, bytes([byte]))
            assert capture.read()
        stream = capture.stream()
    assert len(stream.head) + len(stream.tail) == min(most, len(written))
    assert written.startswith(stream.head)
    assert written.endswith(stream.tail)
    assert len(stream.head) + stream.left_out + len(stream.tail) == len(written)


def test_the_rest_is_taken_even_if_somebody_goes_on_writing() -> None:
    with open("/dev/zero", "rb") as endless:
        capture = Capture(endless.fileno(), 1000)
        capture.drain()
    assert capture.total == 1 << 20
