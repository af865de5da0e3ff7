import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.hosts import HostPolicy

LOOPBACK = ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.5"]
HOSTILE_HOSTS = [
    *("evil.com", "localhost.evil.com", "127.0.0.1.evil.com", "evil-localhost", "localhost1"),
    *(
        "notlocalhost",
        "localhost.",
        "127.0.0.1.",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "0177.0.0.1",
    ),
    *("0.0.0.0", "[::]", "127.0.0.2", "10.0.0.1", "", "localhost@evil.com", "evil.com@localhost"),
    *(
        "localhost/",
        "localhost:80/x",
        "localhost:80:80",
        "localhost,evil.com",
        "localhost evil.com",
    ),
    *("[::1].evil.com", "[::1]evil", "localhost:", "localhost:0", "localhost#", "localhost?", "*"),
    *("\uff4cocalhost", "localhost%00", "localhost\x00", "localhost.localdomain", "sub.localhost"),
]


@pytest.mark.parametrize("bind", ["127.0.0.1", "0.0.0.0", "::", "192.0.2.7", "example.com"])
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:8080",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:65535",
        "[0::1]:80",
    ],
)
def test_this_machine_by_its_own_name_is_always_answered(bind: str, host: str) -> None:
    assert HostPolicy(bind).host_ok(host, None)


@pytest.mark.parametrize("bind", ["127.0.0.1", "0.0.0.0", "192.0.2.7"])
@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_a_foreign_host_is_refused(bind: str, host: str) -> None:
    assert not HostPolicy(bind).host_ok(host, "192.0.2.7")


@pytest.mark.parametrize(
    ("host", "local_address", "ok"),
    [
        ("192.0.2.7:8080", "192.0.2.7", True),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("[2001:db8::1]:8080", "2001:0DB8::1", True),
        ("[fe80::1]", "fe80::1%eth0", True),
        ("192.0.2.8", "192.0.2.7", False),
        ("192.0.2.7", None, False),
        ("192.0.2.7.evil.com", "192.0.2.7", False),
    ],
)
def test_the_address_of_the_connection_is_a_host(
    host: str, local_address: str | None, ok: bool
) -> None:
    assert HostPolicy("0.0.0.0").host_ok(host, local_address) is ok


@pytest.mark.parametrize(
    ("bind", "host", "ok"),
    [
        ("tools.example.com", "TOOLS.example.com:8080", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("2001:db8::1", "[2001:DB8::1]:80", True),
        ("127.0.0.5", "127.0.0.5", True),
        ("0.0.0.0", "0.0.0.0", False),
        ("::", "[::]", False),
        ("", "evil.com", False),
    ],
)
def test_the_host_the_server_is_bound_to_is_answered(bind: str, host: str, ok: bool) -> None:
    assert HostPolicy(bind).host_ok(host, None) is ok


@pytest.mark.parametrize(
    ("allowed", "host", "ok"),
    [
        ("example.com", "example.com", True),
        ("example.com", "EXAMPLE.com:1234", True),
        ("Example.COM", "example.com", True),
        ("example.com", "sub.example.com", False),
        ("example.com", "example.com.evil.com", False),
        ("example.com", "evilexample.com", False),
        ("example.com", "example.com.", False),
        ("example.com:8443", "example.com:8443", True),
        ("example.com:8443", "example.com", False),
        ("example.com:8443", "example.com:80", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.Example.com:80", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("*.example.com", "a.example.com.evil.com", False),
        ("*.example.com:8443", "a.example.com:8443", True),
        ("*.example.com:8443", "a.example.com", False),
        ("203.0.113.9", "203.0.113.9:80", True),
        ("2001:db8::1", "[2001:db8::1]", True),
        ("[2001:db8::1]:80", "[2001:db8::1]:80", True),
        ("*", "whatever.example", True),
        ("*", "a/b@c", False),
        ("*", "", False),
    ],
)
def test_allowed_hosts_are_answered(allowed: str, host: str, ok: bool) -> None:
    assert HostPolicy("127.0.0.1", [allowed]).host_ok(host, None) is ok


@pytest.mark.parametrize(
    "item",
    [
        *("", "https://example.com", "example.com/", "example.com.", "a b", "*example.com", "**"),
        *("*.", "*.*.com", "a.*.com", "example.com:x", "example.com:0", "bücher.example", "*:80"),
    ],
)
def test_an_allowed_host_that_is_none_is_named(item: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HostPolicy(allowed_hosts=["localhost", item])

    assert repr(item) in str(caught.value)


@pytest.mark.parametrize("bind", LOOPBACK)
@pytest.mark.parametrize(
    "origin",
    [
        *(
            "http://localhost",
            "https://localhost:3000",
            "http://127.0.0.1:6274",
            "HTTP://LOCALHOST",
        ),
        *("http://[::1]:5173", "https://[::1]"),
    ],
)
def test_pages_of_this_machine_may_speak_to_a_server_on_loopback(bind: str, origin: str) -> None:
    assert HostPolicy(bind).origin_ok(origin, "localhost:8080")


@pytest.mark.parametrize("bind", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "NULL", "http://evil.com", "http://localhost.evil.com", "http://localhost."),
        *("http://127.0.0.1.evil.com", "http://localhost:80.evil.com", "http://localhost@evil.com"),
        *("http://evil.com@localhost", "http://evil.com#localhost", "http://evil.com/localhost"),
        *("http://localhost/", "http://localhost:8080/x", "http://localhost:", "localhost:8080"),
        *(
            "//localhost:8080",
            "file://localhost",
            "ftp://localhost",
            "chrome-extension://localhost",
        ),
        *("http://notlocalhost", "http://localhost1", "http://127.1", "http://2130706433"),
        *("http://localhost,http://evil.com", "http://localhost http://evil.com", "http://[::]"),
        *("javascript:alert(1)", "data:text/html,x", "http://0.0.0.0:8080", "https://8080"),
    ],
)
def test_a_foreign_origin_is_refused(bind: str, origin: str) -> None:
    assert not HostPolicy(bind).origin_ok(origin, "localhost:8080")


@pytest.mark.parametrize(
    ("origin", "host", "ok"),
    [
        ("http://192.0.2.7:8080", "192.0.2.7:8080", True),
        ("https://tools.example.com", "tools.example.com", True),
        ("https://tools.example.com:443", "tools.example.com", True),
        ("https://tools.example.com", "tools.example.com:443", True),
        ("http://Tools.example.com", "tools.EXAMPLE.com:80", True),
        ("http://[2001:db8::1]:80", "[2001:0db8::1]", True),
        ("https://tools.example.com", "tools.example.com:80", False),
        ("http://tools.example.com:8080", "tools.example.com", False),
        ("http://tools.example.com", "tools.example.com:8080", False),
        ("https://sub.tools.example.com", "tools.example.com", False),
        ("ws://tools.example.com", "tools.example.com", False),
        ("http://localhost:3000", "localhost:8080", False),
        ("http://localhost:8080", "localhost:8080", True),
    ],
)
def test_elsewhere_only_the_same_origin_may_speak(origin: str, host: str, ok: bool) -> None:
    assert HostPolicy("0.0.0.0").origin_ok(origin, host) is ok


@pytest.mark.parametrize(
    ("allowed", "origin", "ok"),
    [
        ("https://app.example.com", "https://app.example.com", True),
        ("https://app.example.com", "https://APP.example.com:443", True),
        ("https://app.example.com", "http://app.example.com", False),
        ("https://app.example.com", "https://app.example.com:8443", False),
        ("https://app.example.com", "https://app.example.com.evil.com", False),
        ("https://app.example.com", "https://x.app.example.com", False),
        ("vscode-webview://abc", "vscode-webview://abc", True),
        ("vscode-webview://abc", "vscode-webview://abcd", False),
        ("*", "https://anything.example", True),
        ("*", "null", False),
        ("*", "https://a@b", False),
    ],
)
def test_allowed_origins_may_speak(allowed: str, origin: str, ok: bool) -> None:
    assert HostPolicy("0.0.0.0", (), [allowed]).origin_ok(origin, "192.0.2.7:80") is ok


@pytest.mark.parametrize("item", ["", "example.com", "null", "https://*.example.com", "https://a/"])
def test_an_allowed_origin_that_is_none_is_named(item: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HostPolicy(allowed_origins=[item])

    assert repr(item) in str(caught.value)


def test_endless_headers_are_refused_and_not_remembered() -> None:
    policy = HostPolicy()

    assert not policy.host_ok("a" * 100_000, None)
    assert not policy.origin_ok("http://" + "a" * 100_000, "localhost")
