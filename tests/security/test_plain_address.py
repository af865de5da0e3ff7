import pytest

from toolyard.security.plain_address import is_loopback, plain_address


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:0001", "10.0.0.1"),
        ("0:0:0:0:0:ffff:a00:1", "10.0.0.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::1", "::1"),
    ],
)
def test_an_address_has_one_spelling(text: str, plain: str) -> None:
    assert plain_address(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "10", "10.1", "10.0.0", "10.0.0.1.2", "256.0.0.1", "010.0.0.1", "0x7f.0.0.1"),
        *("2130706433", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1\n", "10.0.0.-1", "10.0.0.1/32", "::g"),
        *(
            ":::",
            "1::2::3",
            "[::1]",
            "::1:",
            "fe80::1%eth0",
            "localhost",
            "\u0661\u0660.0.0.1",
            "10。0.0.1",
        ),
    ],
)
def test_what_is_not_an_address_is_none(text: str) -> None:
    assert plain_address(text) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%3", "fe80::1"),
        ("::ffff:10.0.0.1%eth0", "10.0.0.1"),
        ("fe80::1%", None),
        ("10.0.0.1%eth0", None),
    ],
)
def test_a_zone_is_dropped_where_it_may_stand(text: str, plain: str | None) -> None:
    assert plain_address(text, with_zone=True) == plain


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.com", "127.0.0.1.evil.com", "127.1"),
        *("::ffff:10.0.0.1", "example.com", "localhost."),
    ],
)
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)
