import pytest

from toolyard.security.authority import Authority, Origin, read_authority, read_origin

MALFORMED = [
    *("", " ", ":", ":80", "example.com:", "example.com:x", "example.com:0", "example.com:65536"),
    *("example.com:123456", "example.com:-1", "example.com:80:80", "example.com.", "localhost."),
    *(
        "localhost.:80",
        ".",
        ".example.com",
        "a..b",
        "user@example.com",
        "a/b",
        "a/b@c",
        "a?b",
        "a#b",
    ),
    *("example.com/", "http://example.com", "[::1", "::1", "[::1]x", "[127.0.0.1]", "[::1%eth0]"),
    *("[::1]:", "[]", "[g::]", "a b", "example.com ", " example.com", "example.com\n", "a\x00b"),
    *("a,b", "a;b", "a\\b", "%6cocalhost", "bücher.example", "ⓛocalhost", "*", "*.example.com"),
    *("a" * 301, "127.0.0.1,localhost", "[::ffff:127.0.0.1", "example.com:\uff18\uff10"),
]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost", "localhost", None),
        ("LOCALHOST:8080", "localhost", 8080),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]", "::1", None),
        ("[0:0::1]:443", "::1", 443),
        ("[::ffff:127.0.0.1]:443", "127.0.0.1", 443),
        ("my_service:80", "my_service", 80),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("0x7f.1", "0x7f.1", None),
        ("a.b:65535", "a.b", 65535),
    ],
)
def test_a_host_header_is_read(text: str, host: str, port: int | None) -> None:
    assert read_authority(text) == Authority(host, port)


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_host_header_is_none(text: str) -> None:
    assert read_authority(text) is None


@pytest.mark.parametrize("authority", MALFORMED)
def test_an_origin_of_a_malformed_host_is_none(authority: str) -> None:
    assert read_origin(f"http://{authority}") is None


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost", Origin("http", "localhost", 80)),
        ("HTTPS://Example.com", Origin("https", "example.com", 443)),
        ("https://example.com:8443", Origin("https", "example.com", 8443)),
        ("http://[::1]:3000", Origin("http", "::1", 3000)),
        ("vscode-webview://abc", Origin("vscode-webview", "abc", None)),
    ],
)
def test_an_origin_is_read(text: str, origin: Origin) -> None:
    assert read_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        *("null", "", "localhost", "//localhost", "http:localhost", "http:/localhost", "http://"),
        *("http:///", "http://localhost/", "http://localhost/x", "http://localhost?x", "http://a#"),
        *("http://u:p@localhost", "http://localhost http://localhost", "://localhost", "file://"),
        *(" http://localhost", "http://localhost\n", "1http://localhost", "http://" + "a" * 300),
    ],
)
def test_a_malformed_origin_is_none(text: str) -> None:
    assert read_origin(text) is None
