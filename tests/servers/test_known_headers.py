"""What the headers of a connection that stay the same say, with those that do not."""

import pytest

from toolyard.servers.known_headers import MOST_OF_VARYING, Head, Header, KnownHeaders, split
from toolyard.servers.lane.request import Heading

FIXED: list[Header] = [
    (b"host", b"here"),
    (b"accept", b"application/json, text/event-stream"),
    (b"content-type", b"application/json"),
    (b"mcp-protocol-version", b"2026-07-28"),
]
VARYING = {b"content-length": b"8", b"mcp-method": b"tools/call", b"mcp-name": b"add"}
KNOWN = KnownHeaders(FIXED, dict(FIXED), "127.0.0.1", "a-digest")


def test_what_tells_one_call_from_the_next_is_split_from_the_rest() -> None:
    first, *others = VARYING.items()
    assert split([first, *FIXED, *others]) == (FIXED, VARYING)
    assert split(FIXED) == (FIXED, {})


def test_headers_that_stay_the_same_keep_their_order_and_may_be_there_twice() -> None:
    twice = [*FIXED, FIXED[0]]
    assert split([*twice, *VARYING.items()]) == (twice, VARYING)


@pytest.mark.parametrize("name", VARYING)
def test_a_header_that_varies_and_is_there_twice_is_no_value(name: bytes) -> None:
    assert split([*FIXED, *VARYING.items(), (name, VARYING[name])]) == (FIXED, None)


@pytest.mark.parametrize(("more", "are_known"), [(0, True), (1, False)])
def test_headers_that_vary_have_a_bound_together(more: int, are_known: bool) -> None:
    room = MOST_OF_VARYING - len(b"8") - len(b"tools/call")
    long = {**VARYING, b"mcp-name": b"x" * (room + more)}
    assert split([*FIXED, *long.items()]) == (FIXED, long if are_known else None)


def test_known_are_only_the_same_headers_in_the_same_order() -> None:
    assert KNOWN.are_of([*FIXED])
    assert not KNOWN.are_of(FIXED[::-1])
    assert not KNOWN.are_of(FIXED[1:])
    assert not KNOWN.are_of([(b"host", b"there"), *FIXED[1:]])


def test_each_head_is_of_its_own_call_by_the_same_caller() -> None:
    for name in (b"add", b"sub"):
        heading = Heading("tools/call", name, None)
        assert KNOWN.head({**VARYING, b"mcp-name": name}) == Head("127.0.0.1", "a-digest", heading)


@pytest.mark.parametrize("odd", [{b"mcp-name": b""}, {b"mcp-method": b"tools/odd"}])
def test_there_is_no_head_if_something_that_varies_is_odd(odd: dict[bytes, bytes]) -> None:
    assert KNOWN.head({**VARYING, **odd}) is None


def test_there_is_no_head_if_something_that_stays_the_same_is_odd() -> None:
    single = {**dict(FIXED), b"content-type": b"text/plain"}
    assert KnownHeaders(FIXED, single, "127.0.0.1", None).head(VARYING) is None
