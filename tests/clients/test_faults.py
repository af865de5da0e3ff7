"""What keeps us from connecting is told in a sentence."""

import pytest

from toolyard.clients.faults import connect_fault
from toolyard.core.errors import Unreachable


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BrokenPipeError(), "Cannot reach it there: it went away before it answered."),
        (ConnectionResetError(), "Cannot reach it there: it went away before it answered."),
        (ConnectionAbortedError(), "Cannot reach it there: it went away before it answered."),
        (ConnectionRefusedError(), "Cannot reach it there: ConnectionRefusedError."),
        (TimeoutError(), "Cannot reach it there: it did not answer in time."),
    ],
)
def test_trouble_of_the_way_is_told(error: Exception, said: str) -> None:
    told = connect_fault(error, "it there")
    assert isinstance(told, Unreachable)
    assert str(told) == said
