import pytest

from toolyard.core.errors import ToolyardError
from toolyard.security.refusal import retry_later


@pytest.mark.parametrize(("wait_s", "seconds"), [(0.0, "1"), (0.01, "1"), (1.0, "1"), (1.2, "2")])
def test_a_client_is_told_whole_seconds_to_wait(wait_s: float, seconds: str) -> None:
    refusal = retry_later(429, "rate", "Slow down.", wait_s)

    assert isinstance(refusal, ToolyardError)
    assert (refusal.status, refusal.reason, str(refusal)) == (429, "rate", "Slow down.")
    assert refusal.headers == (("Retry-After", seconds),)
