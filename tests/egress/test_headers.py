"""Which headers a caller may set."""

import pytest

from toolyard.core.errors import ToolError
from toolyard.egress.headers import checked_headers, joined_headers, kept_across_origins


@pytest.mark.parametrize(
    ("name", "value"),
    [("Accept", "text/html"), ("X-Empty", ""), ("x!#$%&'*+.^_`|~9", "a\tb c"), ("Cookie", "a=b")],
)
def test_a_plain_header_is_sent_by_its_name_in_lower_case(name: str, value: str) -> None:
    assert checked_headers({name: value}) == {name.lower(): value}


@pytest.mark.parametrize(
    "name",
    ["Host", "host", "Connection", "Content-Length", "Transfer-Encoding", "TE", "Trailer",
     "Upgrade", "Keep-Alive", "Expect", "Accept-Encoding", "Proxy-Authorization",
     "Proxy-Connection", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP",
     "HTTP2-Settings", "X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"],
)  # fmt: skip
def test_a_header_that_is_not_the_callers_is_refused(name: str) -> None:
    with pytest.raises(ToolError, match="cannot be set"):
        checked_headers({name: "x"})


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a:", ":path", "a\r\nHost", "Host ", "ä", "a\0", "a" * 101, "(x)"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ToolError, match="name of a header"):
        checked_headers({name: "x"})


@pytest.mark.parametrize(
    "value",
    ["a\r\nHost: b", "a\nb", "a\rb", "\0", " a", "a ", "\ta", "é", "\u2028", "a\x7f", "\x1b"],
)
def test_a_value_that_is_not_visible_is_refused(value: str) -> None:
    with pytest.raises(ToolError, match="visible ASCII") as raised:
        checked_headers({"X-Key": value})
    assert "X-Key" in str(raised.value)


def test_a_refused_value_is_not_told() -> None:
    with pytest.raises(ToolError) as raised:
        checked_headers({"X-Key": "s3cret\n"})
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "headers",
    [
        {f"x-{number}": "" for number in range(65)},
        {"x": "a" * 8193},
        {f"x-{number}": "a" * 8000 for number in range(5)},
        {"Accept": "a", "accept": "b"},
    ],
    ids=["many", "long", "much", "twice"],
)
def test_too_much_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ToolError, match="send"):
        checked_headers(headers)


def test_what_can_hold_a_secret_does_not_cross_origins() -> None:
    given = {"accept": "a", "authorization": "b", "cookie": "c", "x-api-key": "d", "x-own": "e"}
    assert kept_across_origins(given) == {"accept": "a"}


def test_headers_of_one_name_are_joined() -> None:
    pairs = [("Via", "a"), ("via", "b"), ("Set-Cookie", "c=1, d"), ("set-cookie", "e")]
    assert joined_headers(pairs) == {"via": "a, b", "set-cookie": "c=1, d\ne"}
