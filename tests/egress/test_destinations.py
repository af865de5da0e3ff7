"""Which hosts, ports and schemes may be asked."""

from collections.abc import Sequence

import pytest

from toolyard.core.errors import ConfigError, ToolError
from toolyard.egress.destinations import Destinations, host_rule
from toolyard.egress.target import read_target

ADMITTED: list[tuple[Sequence[str] | None, Sequence[str], str]] = [
    (None, (), "https://anything.example/"),
    (["example.com"], (), "https://EXAMPLE.com/"),
    (["*.example.com"], (), "https://a.b.example.com/"),
    (["example.com:9000"], (), "http://example.com:9000/"),
    (["http://example.com"], (), "http://example.com/"),
    (["*"], (), "https://example.com/"),
    (["https://*"], (), "https://example.com/"),
    (["*:9000"], (), "https://example.com:9000/"),
    (["bücher.example"], (), "https://xn--bcher-kva.example/"),
    (["2001:db8::1"], (), "https://[2001:DB8::1]/"),
    (["[2001:db8::1]:81"], (), "https://[2001:DB8::1]:81/"),
    (["192.0.2.1"], (), "https://[::ffff:192.0.2.1]/"),
    (None, ["*.example.com"], "https://example.com/"),
    (None, ["example.com:80"], "https://example.com/"),
]
REFUSED: list[tuple[Sequence[str] | None, Sequence[str], str]] = [
    ([], (), "https://example.com/"),
    (["example.com"], (), "https://example.com.evil.example/"),
    (["example.com"], (), "https://notexample.com/"),
    (["example.com"], (), "https://a.example.com/"),
    (["*.example.com"], (), "https://example.com/"),
    (["*.example.com"], (), "https://notexample.com/"),
    (["https://example.com"], (), "http://example.com/"),
    (["example.com:9000"], (), "https://example.com/"),
    (["example.com"], (), "https://192.0.2.1/"),
    (None, ["example.com"], "https://EXAMPLE.com/?"),
    (None, ["example.com"], "https://example.com#x"),
    (None, ["*.example.com"], "https://a.example.com:8443/"),
    (None, ["*"], "https://example.com/"),
    (None, ["*:80"], "http://example.com/"),
    (None, ["bücher.example"], "https://BÜCHER.example/"),
    (None, ["192.0.2.1"], "https://[::ffff:192.0.2.1]/"),
    (["example.com"], ["example.com"], "https://example.com/"),
    (["example.com:80"], ["http://example.com"], "http://example.com/"),
]


@pytest.mark.parametrize(("allow", "deny", "url"), ADMITTED)
def test_what_is_allowed_may_be_asked(
    allow: Sequence[str] | None, deny: Sequence[str], url: str
) -> None:
    Destinations(allow, deny).check(read_target(url))


@pytest.mark.parametrize(("allow", "deny", "url"), REFUSED)
def test_what_is_denied_or_not_allowed_is_refused(
    allow: Sequence[str] | None, deny: Sequence[str], url: str
) -> None:
    with pytest.raises(ToolError, match="not among the hosts"):
        Destinations(allow, deny).check(read_target(url))


@pytest.mark.parametrize("port", [1, 22, 25, 3306, 6379, 9200, 65535])
def test_a_port_that_is_not_the_webs_is_refused(port: int) -> None:
    with pytest.raises(ToolError, match=f"port {port} is not allowed; allowed are: 80, 443"):
        Destinations().check(read_target(f"http://example.com:{port}/"))


def test_all_ports_may_be_allowed() -> None:
    Destinations(ports=None).check(read_target("http://example.com:22/"))


def test_a_scheme_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(ToolError, match="use https"):
        Destinations(schemes=["https"]).check(read_target("http://example.com/"))


@pytest.mark.parametrize(
    "rule",
    ["", " ", "a b", "user@example.com", "example.com/path", "ftp://a.b", "a.b:0", "a.b:x", "a..b",
     "example.com.", "*.*.com", "127.1", "*:x", "10.0.0.0/8", "http://"],
)  # fmt: skip
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="allow_hosts"):
        host_rule(rule, "allow_hosts")


@pytest.mark.parametrize("ports", [[0], [65536], [-1]])
def test_a_port_that_is_none_is_refused(ports: list[int]) -> None:
    with pytest.raises(ConfigError, match="allowed_ports"):
        Destinations(ports=ports)


def test_a_scheme_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="allowed_schemes"):
        Destinations(schemes=["ftp"])
