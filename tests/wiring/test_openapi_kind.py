"""The kind `openapi`, from the options of a table."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.clients.openapi.documents import PETS
from tests.clients.openapi.service import FINE, read
from tests.egress.authority import LocalAuthority
from tests.egress.hosts import hosting

from toolyard import CallContext, ConfigError, OpenAPIClient, ToolCall, ToolProtocol
from toolyard.config.settings import ToolSettings
from toolyard.wiring.sources import source_of

CONTEXT = CallContext()


def source(**options: Any) -> ToolProtocol:
    return source_of("pets", ToolSettings.model_validate({"kind": "openapi", "options": options}))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(PETS))
    return str(path)


async def test_options_say_what_is_asked_and_what_is_offered(file: str) -> None:
    async with hosting(FINE) as host:
        url = host.url(name="127.0.0.1")
        made = source(
            document=file,
            server=url,
            allow_private="127.0.0.0/8",
            include="tag:pets, order",
            exclude="DELETE",
            headers={"X-Team": "blue"},
        )
        assert isinstance(made, OpenAPIClient)
        async with made:
            names = [tool.name for tool in await made.list_tools(CONTEXT)]
            assert names == ["listPets", "createPet", "getPet", "replacePet", "order"]
            await made.call_tool(ToolCall("getPet", {"petId": "1"}), CONTEXT)
    assert read(host.requests[0]).headers["x-team"] == "blue"


@pytest.mark.parametrize(
    ("scheme", "said", "header", "value"),
    [
        ("key", {"value_env": "PETS_SECRET"}, "x-api-key", "s3cret"),
        (
            "login",
            {"user": "ann", "password_env": "PETS_SECRET"},
            "authorization",
            "Basic YW5uOnMzY3JldA==",
        ),
    ],
)
async def test_a_secret_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    scheme: str,
    said: dict[str, str],
    header: str,
    value: str,
) -> None:
    monkeypatch.setenv("PETS_SECRET", "s3cret")
    async with hosting(FINE) as host:
        url = host.url(name="127.0.0.1")
        made = source(
            document=file, server=url, allow_private="127.0.0.1", credentials={scheme: said}
        )
        async with made:
            await made.call_tool(ToolCall("deletePet", {"petId": "1"}), CONTEXT)
    assert read(host.requests[0]).headers[header] == value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs the option 'document'"),
        ({"document": ""}, "document: String should have at least 1 character"),
        ({"document": "x", "servers": "y"}, "does not take the options servers"),
        ({"document": "x", "credentials": {"key": {"value": "s3cret"}}}, "give value_env"),
        ({"document": "x", "credentials": {"key": {"value_env": "NOT_SET"}}}, "Set NOT_SET"),
        ({"document": "x", "credentials": {"key": "s3cret"}}, r"credentials\.key"),
        ({"document": "x", "ca_file": "nobody.pem"}, "ca_file"),
        ({"document": "x", "headers": {"Host": "s3cret"}}, "headers"),
        ({"document": "http://user:s3cret@x/y.json"}, "document"),
        ({"document": "ftp://x/y"}, "document"),
        ({"document": "x", "include": ""}, None),
        ({"document": "x", "include": ["a", " "]}, "include"),
        ({"document": "x", "timeout_s": 0}, "timeout_s"),
        ({"document": "x", "max_response_bytes": -1}, "max_response_bytes"),
        ({"document": "x", "allow_private": "nowhere"}, "allow_private"),
        ({"document": "x", "redirect_hosts": "a b"}, "not a host"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(
    options: dict[str, Any], message: str | None
) -> None:
    if message is None:
        source(**options)
        return
    with pytest.raises(ConfigError, match=message) as raised:
        source(**options)
    assert "s3cret" not in str(raised.value)


async def test_a_company_can_have_an_authority_of_its_own(file: str, tmp_path: Path) -> None:
    authority = LocalAuthority()
    ca_file = tmp_path / "company.pem"
    ca_file.write_bytes(authority.pem)
    async with hosting(FINE, tls=authority.server("localhost", tmp_path)) as host:
        where = {
            "server": host.url(name="localhost", scheme="https"),
            "allow_private": "127.0.0.0/8, ::1",
        }
        texts: list[str] = []
        for options in (where, {**where, "ca_file": str(ca_file)}):
            async with source(document=file, **options) as made:
                call = ToolCall("getPet", {"petId": "1"})
                texts.append((await made.call_tool(call, CONTEXT)).text)
    assert "did not prove who it is" in texts[0]
    assert "fine" in texts[1]
