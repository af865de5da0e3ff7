"""The kind `http`, from the options of a table."""

from pathlib import Path
from typing import Any

import pytest
from tests.egress.authority import LocalAuthority
from tests.egress.hosts import hosting, ok

from toolyard.builtin_tools.http_client import HttpClient
from toolyard.config.settings import ToolSettings
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.egress.trust import authorities_and, well_known_authorities
from toolyard.wiring.sources import source_of

OPEN = {"allow_private": "127.0.0.0/8, ::1", "allowed_ports": "*"}


def source(**options: Any) -> ToolProtocol:
    return source_of("web", ToolSettings.model_validate({"kind": "http", "options": options}))


async def text(made: ToolProtocol, url: str) -> str:
    return (await made.call_tool(ToolCall("http_get", {"url": url}), CallContext())).text


async def test_it_is_closed_without_options_and_opened_by_them() -> None:
    async with hosting(ok(b"fine", "Content-Type: text/plain")) as host:
        url = host.url(name="127.0.0.1")
        assert "not allowed" in await text(source(), url)
        assert "cannot be reached" in await text(source(allowed_ports=host.port), url)
        assert await text(source(**OPEN), url) == "200 text/plain\n\nfine"
        assert "not among" in await text(source(**OPEN, deny_hosts="127.0.0.1"), url)
        assert "not among" in await text(source(**OPEN, allow_hosts=["a.example"]), url)
    assert isinstance(source(), HttpClient)


@pytest.mark.parametrize(
    ("said", "header", "value"),
    [
        ({"bearer_env": "WEB_SECRET"}, "authorization", "Bearer s3cret"),
        ({"user": "ann", "password_env": "WEB_SECRET"}, "authorization", "Basic YW5uOnMzY3JldA=="),
        ({"header": "X-Api-Key", "value_env": "WEB_SECRET"}, "x-api-key", "s3cret"),
    ],
)
async def test_a_secret_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], header: str, value: str
) -> None:
    monkeypatch.setenv("WEB_SECRET", "s3cret")
    async with hosting(ok()) as host:
        made = source(**OPEN, credentials={f"http://127.0.0.1:{host.port}": said})
        await text(made, host.url(name="127.0.0.1"))
    assert f"{header}: {value}".encode() in host.requests[0]


async def test_a_company_can_have_an_authority_of_its_own(tmp_path: Path) -> None:
    authority, stranger = LocalAuthority(), LocalAuthority()
    ours = tmp_path / "company.pem"
    ours.write_bytes(LocalAuthority("another").pem + authority.pem)
    trusting = source(**OPEN, ca_file=str(ours))
    async with hosting(ok(b"inside"), tls=authority.server("localhost", tmp_path)) as host:
        url = host.url(name="localhost", scheme="https")
        assert "did not prove who it is" in await text(source(**OPEN), url)
        assert (await text(trusting, url)).endswith("inside")
    async with hosting(ok(b"outside"), tls=stranger.server("localhost", tmp_path)) as host:
        url = host.url(name="localhost", scheme="https")
        assert "did not prove who it is" in await text(trusting, url)


def test_the_well_known_authorities_are_believed_besides(tmp_path: Path) -> None:
    ours = tmp_path / "company.pem"
    ours.write_bytes(LocalAuthority().pem)
    known = set(well_known_authorities().get_ca_certs(binary_form=True))
    both = set(authorities_and(ours).get_ca_certs(binary_form=True))
    assert known < both
    assert len(both) == len(known) + 1
    assert set(well_known_authorities().get_ca_certs(binary_form=True)) == known


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"allow_host": "a.example"}, "does not take the options allow_host; it has: allow_hosts"),
        ({"allow_hosts": 5}, "allow_hosts"),
        ({"allow_private": "localhost"}, "allow_private"),
        ({"allowed_ports": "http"}, "allowed_ports"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": "soon"}, "timeout_s"),
        ({"markdown": "perhaps"}, "markdown"),
        ({"credentials": "s3cret"}, "credentials"),
        ({"credentials": {"a.example": {"bearer": "s3cret"}}}, "bearer_env"),
        ({"credentials": {"a.example": {}}}, "bearer_env"),
        ({"credentials": {"a.example": {"bearer_env": "NOT_SET_HERE"}}}, "Set NOT_SET_HERE"),
        ({"credentials": {"a.example": 5}}, "credentials.a.example"),
        ({"ca_file": ""}, "ca_file"),
        ({"ca_file": 5}, "ca_file"),
        ({"ca_file": "not-there.pem"}, "ca_file: 'not-there.pem' cannot be used: No such file"),
        ({"ca_file": "pyproject.toml"}, "ca_file: 'pyproject.toml' cannot be used: it holds no"),
        ({"ca_file": "src"}, "ca_file: 'src' cannot be used"),
        ({"ca_file": "a\0b"}, "ca_file"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        source(**options)
    assert "s3cret" not in str(raised.value)
