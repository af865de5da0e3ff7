"""The services of `deploy/compose.yaml`, each with its own command line, through the gateway."""

import sys
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest
from tests.deploy.composition import DEPLOY, GATEWAY, PAGE, services
from tests.deploy.yard import Yard, asked, is_let_in, make_tokens, variables, yard
from tests.docs.shell import shell
from tests.support.process import free_port, run

from toolyard import CallContext, MCPClient, ToolCall, ToolResult

pytestmark = pytest.mark.timeout(120)  # seven servers start

CALLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "calculator": ("math_calculator", {"expression": "6 * 7"}),
    "memory": ("shared_memory", {"command": "PUT", "key": "a", "value": "b"}),
    "bash": ("shell_bash", {"command": "echo hello"}),
    "filesystem": ("files_write_file", {"path": "a.txt", "content": "hello"}),
    "http": ("web_http_get", {"url": "http://127.0.0.1/"}),
    "image": ("pictures_generate_image", {"prompt": "a yard"}),
}
"""A call of one tool of each service."""
ELSEWHERE = ("docker ", "sudo ", 'TOOLYARD="docker ')
"""How the commands of the page begin that need what tests do not have."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Yard]:
    with yard(tmp_path_factory.mktemp("yard")) as made:
        yield made


async def called(served: Yard, service: str) -> ToolResult:
    tool, arguments = CALLS[service]
    async with MCPClient(served.url, token=served.token) as client:
        return await client.call_tool(ToolCall(tool, arguments), CallContext())


def test_every_service_is_called() -> None:
    assert {*CALLS, GATEWAY} == set(services())


@pytest.mark.parametrize("service", sorted(set(CALLS) - {"http"}))
async def test_a_tool_of_each_service_is_called_through_the_gateway(
    served: Yard, service: str
) -> None:
    result = await called(served, service)

    assert not result.is_error, result


async def test_the_web_is_asked_but_nothing_private(served: Yard) -> None:
    result = await called(served, "http")

    assert result.is_error
    assert "no public address" in str(result.content), result


async def test_commands_are_isolated(served: Yard) -> None:
    result = await called(served, "bash")

    structured: Any = result.structured
    assert structured["stdout"] == "hello\n"
    assert structured["isolation"]["backend"] in ("bubblewrap", "landlock")


async def test_the_gateway_lists_all_tools_under_their_prefixes(served: Yard) -> None:
    async with MCPClient(served.url, token=served.token) as client:
        names = {tool.name for tool in await client.list_tools(CallContext())}

    assert {tool for tool, _ in CALLS.values()} <= names
    assert {name.partition("_")[0] for name in names} == {
        tool.partition("_")[0] for tool, _ in CALLS.values()
    }


def test_each_token_opens_its_own_service_and_no_other(served: Yard) -> None:
    given = variables(served.directory)
    tokens = {name: given.get(f"{name.upper()}_TOKEN", served.token) for name in services()}
    assert len(set(tokens.values())) == len(tokens)

    for name, port in served.ports.items():
        opens = {owner for owner, token in tokens.items() if is_let_in(port, token)}
        assert opens == {name}
        assert not is_let_in(port, "")


@pytest.mark.parametrize("name", sorted(set(services()) - {GATEWAY}))
def test_a_service_answers_to_its_own_name_and_to_no_other(served: Yard, name: str) -> None:
    port = served.ports[name]
    told = {
        host: asked(port, "GET", "/readyz", {"Host": host})
        for host in (f"{name}:8080", "other:8080")
    }

    assert told == {f"{name}:8080": 200, "other:8080": 421}


def test_the_health_check_succeeds_where_a_server_is_ready_and_nowhere_else(served: Yard) -> None:
    check = [sys.executable, "-I", str(DEPLOY / "healthcheck.py")]
    proxy = {"http_proxy": f"http://127.0.0.1:{free_port()}"}
    ready = run(check, environment=proxy | {"TOOLYARD_PORT": str(served.ports["memory"])})
    absent = run(check, environment={"TOOLYARD_PORT": str(free_port())})

    assert (ready.code, absent.code) == (0, 1), (ready, absent)


def test_a_new_token_is_accepted_beside_the_old_one_at_once(served: Yard) -> None:
    old = variables(served.directory)["MEMORY_TOKEN"]
    make_tokens(served.directory, "memory")
    new = variables(served.directory)["MEMORY_TOKEN"]

    assert old != new
    assert soon(lambda: is_let_in(served.ports["memory"], new))
    assert is_let_in(served.ports["memory"], old)


def test_the_commands_of_the_page_do_what_they_say(served: Yard) -> None:
    old = variables(served.directory)["CALCULATOR_TOKEN"]
    typed = [command for command in PAGE.commands if not command.startswith(ELSEWHERE)]
    with shell(served.directory.parent) as typing:
        typing.port = served.ports[GATEWAY]
        shown = [typing.types(command).strip() for command in typed]
    new = variables(served.directory)["CALCULATOR_TOKEN"]

    assert "42" in shown
    assert any("pictures_generate_image" in text for text in shown)
    assert soon(lambda: not is_let_in(served.ports["calculator"], old))
    assert is_let_in(served.ports["calculator"], new)


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it is so within five seconds."""
    deadline = time.monotonic() + 5
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
