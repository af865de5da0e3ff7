"""How a URL is read."""

import pytest

from toolyard.core.errors import ToolError
from toolyard.egress.target import is_address, read_target, with_query

READ = [
    ("http://example.com", "http", "example.com", 80, "/"),
    ("HTTPS://EXAMPLE.com:8443/A?b=C#d", "https", "example.com", 8443, "/A?b=C"),
    ("http://example.com?q=1", "http", "example.com", 80, "/?q=1"),
    ("http://example.com#@other.com/", "http", "example.com", 80, "/"),
    ("http://example.com/@other.com", "http", "example.com", 80, "/@other.com"),
    ("http://example.com/a%20b%zz", "http", "example.com", 80, "/a%20b%25zz"),
    ("http://example.com/ä?ö", "http", "example.com", 80, "/%C3%A4?%C3%B6"),
    ("http://192.0.2.1:80/", "http", "192.0.2.1", 80, "/"),
    ("http://[2001:DB8:0::1]/", "http", "2001:db8::1", 80, "/"),
    ("http://[::ffff:10.0.0.1]/", "http", "10.0.0.1", 80, "/"),
    ("http://bücher.example/", "http", "xn--bcher-kva.example", 80, "/"),
    ("http://BÜCHER.example:81/", "http", "xn--bcher-kva.example", 81, "/"),
    ("http://a_b.example/", "http", "a_b.example", 80, "/"),
    ("http://1.2.3.4.com/", "http", "1.2.3.4.com", 80, "/"),
    ("http://example.com/<\"'>{}", "http", "example.com", 80, "/%3C%22'%3E%7B%7D"),
]
REFUSED = [
    "",
    "example.com",
    "//example.com/",
    "/path",
    "http:example.com",
    "http:/example.com",
    "http:///path",
    "https://",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "data:text/plain,hi",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "ws://example.com/",
    " http://example.com/",
    "http://example.com/ ",
    "http://example.com/a b",
    "http://example.com/\t",
    "http://example.com/\r\nHost: x",
    "http://exam\nple.com/",
    "http://example.com\\@other.com/",
    "http:\\\\example.com\\",
    "http://example.com/\x00",
    "http://example.com/\u00a0",
    "http://example.com/\u2028",
    "http://example.com/\ud800",
    "http://user@example.com/",
    "http://user:pass@example.com/",
    "http://allowed.host:80@169.254.169.254/",
    "http://@example.com/",
    "http://example.com:80:80/",
    "http://example.com:/",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:-1/",
    "http://example.com:8O/",
    "http://example.com:80x/",
    "http://example.com:٨٠/",
    "http://example.com./",
    "http://example.com.:80/",
    "http://.example.com/",
    "http://example..com/",
    "http://./",
    "http://%65xample.com/",
    "http://127.0.0.1%2f@example.com/",
    "http://exa mple.com/",
    "http://example.com,other.com/",
    "http://exam'ple.com/",
    "http://*.example.com/",
    "http://[::1/",
    "http://::1/",
    "http://[]/",
    "http://[::1]x/",
    "http://[::1]:/",
    "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[127.0.0.1]/",
    "http://[example.com]/",
    "http://[v1.a]/",
    "http://[[::1]]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://00000/",
    "http://127.0.0.01/",
    "http://127.0.0.256/",
    "http://1.2.3.4.5/",
    "http://example.123/",
    "http://example.0x1/",
    "http://0x/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://example.com。/",
    "http://exa\u202emple.com/",
    "http://ex‥ample.com/",
    "http://ⓔxample.com\uff0fpath@other/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 130 + "com/",
    "http://example.com/" + "a" * 8192,
]


@pytest.mark.parametrize(("url", "scheme", "host", "port", "path"), READ)
def test_a_url_is_read_in_one_spelling(
    url: str, scheme: str, host: str, port: int, path: str
) -> None:
    target = read_target(url)
    assert (target.scheme, target.host, target.port, target.path) == (scheme, host, port, path)
    assert read_target(target.url) == target


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    with pytest.raises(ToolError, match=r"URL|host"):
        read_target(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://example.com:80/", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("http://example.com:443/", "example.com:443"),
        ("http://[2001:db8::1]:81/", "[2001:db8::1]:81"),
    ],
)
def test_the_host_header_has_the_port_unless_it_goes_without_saying(
    url: str, authority: str
) -> None:
    assert read_target(url).authority == authority


def test_an_address_is_told_from_a_name() -> None:
    assert is_address("192.0.2.1")
    assert is_address("2001:db8::1")
    assert not is_address("1.2.3.4.com")


def test_parameters_are_added() -> None:
    assert with_query(read_target("http://a.b/"), "c=1").path == "/?c=1"
    assert with_query(read_target("http://a.b/?x"), "c=1").path == "/?x&c=1"
    assert with_query(read_target("http://a.b/?x"), "").path == "/?x"


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(ToolError, match="query"):
        with_query(read_target("http://a.b/"), "c" * 8192)
