import tracemalloc

import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.rate import RateLimit, RateLimiter


@pytest.mark.parametrize(
    ("text", "per_second", "burst"),
    [
        ("10/s", 10, 10),
        ("600/min", 10, 600),
        ("1000/h", 1000 / 3600, 1000),
        ("1/h", 1 / 3600, 1),
        ("10/s burst 50", 10, 50),
        ("10 / s  burst  5", 10, 5),
    ],
)
def test_a_rate_is_read_from_text(text: str, per_second: float, burst: int) -> None:
    assert RateLimit.parse(text) == RateLimit(per_second, burst)


@pytest.mark.parametrize(
    "text",
    [
        *("", "10", "10/", "/s", "10/x", "0/s", "-1/s", "1.5/s", "10/s burst", "10/s burst 0"),
        *("10/s burst -1", "10/s 5", "10/S", "ten/s", "10/s\n", " 10/s", "1e3/s", "9999999999/s"),
    ],
)
def test_a_text_that_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        RateLimit.parse(text)


@pytest.mark.parametrize("per_second", [0.0, -1.0, float("nan")])
def test_a_rate_must_be_positive(per_second: float) -> None:
    with pytest.raises(ConfigError):
        RateLimit(per_second, 1)


def test_a_burst_passes_and_the_next_call_waits_for_its_turn() -> None:
    limiter = RateLimiter(RateLimit(10, 3))

    assert [limiter.check("a", 100.0) for _ in range(3)] == [0, 0, 0]
    assert limiter.check("a", 100.0) == pytest.approx(0.1)
    assert limiter.check("a", 100.05) == pytest.approx(0.05)
    assert limiter.check("a", 100.1) == 0
    assert limiter.check("a", 100.1) == pytest.approx(0.1)


def test_refused_calls_are_not_counted() -> None:
    limiter = RateLimiter(RateLimit(1, 1))
    limiter.check("a", 0.0)

    for _ in range(100):
        assert limiter.check("a", 0.5) == pytest.approx(0.5)

    assert limiter.check("a", 1.0) == 0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    limiter = RateLimiter(RateLimit(10, 2))
    limiter.check("a", 0.0)

    assert [limiter.check("a", 1e6) == 0 for _ in range(4)] == [True, True, False, False]


def test_who_keeps_to_the_rate_is_never_refused() -> None:
    limiter = RateLimiter(RateLimit(3, 1))

    assert all(limiter.check("a", 1e6 + number / 3) == 0 for number in range(10_000))


def test_keys_do_not_share_a_bucket() -> None:
    limiter = RateLimiter(RateLimit(1, 1))

    assert limiter.check("a", 0.0) == 0
    assert limiter.check("b", 0.0) == 0
    assert limiter.check("a", 0.0) > 0


def test_the_key_that_was_silent_longest_is_forgotten_first() -> None:
    limiter = RateLimiter(RateLimit(1, 1), max_keys=2)
    limiter.check("a", 0.0)
    limiter.check("b", 0.0)

    limiter.check("a", 0.0)
    limiter.check("c", 0.0)

    assert limiter.check("a", 0.0) > 0
    assert limiter.check("b", 0.0) == 0


def test_a_flood_of_keys_does_not_fill_the_memory() -> None:
    limiter = RateLimiter(RateLimit(1, 1), max_keys=100)
    tracemalloc.start()
    for number in range(50_000):
        limiter.check(f"key {number}", 0.0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 200_000
