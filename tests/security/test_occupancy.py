from contextlib import ExitStack

import pytest

from toolyard.security.occupancy import Occupancy
from toolyard.security.refusal import Refusal


def test_one_address_cannot_take_every_place() -> None:
    occupancy = Occupancy(total=10, per_address=2)
    with ExitStack() as held:
        held.enter_context(occupancy.place("10.0.0.1"))
        held.enter_context(occupancy.place("10.0.0.1"))

        with pytest.raises(Refusal) as caught, occupancy.place("10.0.0.1"):
            pass
        with occupancy.place("10.0.0.2"):
            assert occupancy.in_progress == 3

    assert (caught.value.status, caught.value.reason) == (429, "busy")
    assert dict(caught.value.headers) == {"Retry-After": "1"}


def test_when_all_places_are_taken_the_server_is_busy() -> None:
    occupancy = Occupancy(total=1, per_address=1)
    with (
        occupancy.place("10.0.0.1"),
        pytest.raises(Refusal) as caught,
        occupancy.place("10.0.0.2"),
    ):
        pass

    assert (caught.value.status, caught.value.reason) == (503, "busy")


def test_a_place_is_given_back_even_after_an_error() -> None:
    occupancy = Occupancy(total=1, per_address=1)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), occupancy.place("10.0.0.1"):
            raise ZeroDivisionError

    assert occupancy.in_progress == 0
    with occupancy.place("10.0.0.1"):
        pass


def test_an_ipv6_subscriber_is_one_address() -> None:
    occupancy = Occupancy(total=10, per_address=1)
    with (
        occupancy.place("2001:db8::1"),
        pytest.raises(Refusal),
        occupancy.place("2001:db8::ffff"),
    ):
        pass
