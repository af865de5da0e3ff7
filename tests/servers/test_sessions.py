"""Sessions of the handshake revisions: whose they are, how many there may be, what they hear."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from tests.servers.harness import (
    ACCEPT,
    INITIALIZE,
    TOKEN,
    ask,
    builder,
    face_of,
    http_to,
    is_well,
    legacy,
    messages,
    open_session,
)

from toolyard.core.protocol import Change
from toolyard.core.toolbox import Toolbox
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers import sessions
from toolyard.servers.tool_server import ToolServer

OTHER = f"other-{TOKEN}"


def adding() -> Toolbox:
    tools = Toolbox()

    @tools.tool
    async def add(a: float, b: float) -> float:
        """Add two numbers."""
        return a + b

    @tools.resource("notes://today")
    async def today() -> str:
        """Today's notes."""
        return "nothing"

    assert add
    assert today
    return tools


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    configured = builder(adding()).with_bearer_token(TOKEN).with_bearer_token(OTHER)
    async with configured.build() as running:
        yield running


async def test_a_session_is_unknown_to_every_other_token(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as mine, http_to(server, OTHER) as theirs:
        session = await open_session(mine)
        never = {**ACCEPT, "mcp-session-id": "0" * 32}
        for method, content in (("POST", legacy("tools/list")), ("GET", None), ("DELETE", None)):
            stolen = await theirs.request(method, "/mcp", content=content, headers=session)
            unknown = await theirs.request(method, "/mcp", content=content, headers=never)
            assert (stolen.status_code, unknown.status_code) == (404, 404)
            assert stolen.content == unknown.content
        listed = await mine.post("/mcp", content=legacy("tools/list"), headers=session)
        assert messages(listed)[-1]["result"]["tools"][0]["name"] == "add"


async def test_a_deleted_session_is_gone(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        session = await open_session(http)
        assert (await http.delete("/mcp", headers=session)).status_code == 200
        for _ in range(2):
            after = await http.post("/mcp", content=legacy("tools/list"), headers=session)
            assert after.status_code == 404


async def test_session_ids_cannot_be_guessed(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        ids = {(await open_session(http))["mcp-session-id"] for _ in range(20)}

    assert len(ids) == 20
    assert all(len(bytes.fromhex(session_id)) >= 16 for session_id in ids)  # 128 bits


async def test_the_current_revision_knows_no_sessions(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        answer = await ask(http, "tools/list", headers={"mcp-session-id": "whatever"})

    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers


async def test_sessions_beyond_the_limit_are_refused_until_one_ends() -> None:
    async with builder(adding()).with_limits(sessions=2).build() as server, http_to(server) as http:
        first, _ = await open_session(http), await open_session(http)
        refused = await http.post("/mcp", content=legacy("initialize", INITIALIZE), headers=ACCEPT)
        assert refused.status_code == 503
        assert (await ask(http, "tools/list")).status_code == 200
        listed = await http.post("/mcp", content=legacy("tools/list"), headers=first)
        assert listed.status_code == 200
        await http.delete("/mcp", headers=first)
        await open_session(http)


async def test_a_session_that_nobody_uses_expires() -> None:
    limited = builder(adding()).with_limits(session_idle_s=0.1)
    async with limited.build() as server, http_to(server) as http:
        session = await open_session(http)
        known = face_of(server).sessions._open
        with anyio.fail_after(5):
            while not known:
                await anyio.lowlevel.checkpoint()
            while known:
                await anyio.lowlevel.checkpoint()
        listed = await http.post("/mcp", content=legacy("tools/list"), headers=session)
    assert listed.status_code == 404


async def test_sessions_that_fail_to_open_leave_nothing_behind(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        known: list[int] = []
        for _ in range(50):
            answer = await http.post("/mcp", content=legacy("tools/list"), headers=ACCEPT)
            assert answer.status_code == 400
            known.append(len(face_of(server).sessions._open))
        assert known[-1] == known[0]
    assert await is_well(server)


class StandIn:
    """A connection of the SDK, which takes notices or leaves them."""

    def __init__(self, *, reads: bool) -> None:
        self.reads = reads
        self.heard: list[Change] = []
        self.any = anyio.Event()
        self.session = self._connection = self
        self.session_id = None
        self.exit_stack = AsyncExitStack()

    async def send_tool_list_changed(self) -> None:
        await self.take(Change("tools"))

    async def send_prompt_list_changed(self) -> None:
        await self.take(Change("prompts"))

    async def take(self, change: Change) -> None:
        if not self.reads:
            await anyio.sleep_forever()
        self.heard.append(change)
        self.any.set()


async def test_a_session_that_reads_nothing_does_not_hold_up_the_others() -> None:
    known = sessions.Sessions(ToolRegistry().library)
    everyone = [StandIn(reads=number % 2 == 0) for number in range(100)]
    for each in everyone:
        known.opened(cast("Any", each))

    async with anyio.create_task_group() as tasks:
        with anyio.fail_after(2):
            for _ in range(10):
                known.tell(Change("tools"), tasks)
                for each in everyone[::2]:
                    await each.any.wait()
                    each.any = anyio.Event()
        tasks.cancel_scope.cancel()

    assert [len(each.heard) for each in everyone] == [10, 0] * 50


async def test_a_session_that_reads_again_hears_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "TAKE_S", 0.05)
    known, one = sessions.Sessions(ToolRegistry().library), StandIn(reads=False)
    known.opened(cast("Any", one))

    async with anyio.create_task_group() as tasks:
        known.tell(Change("tools"), tasks)
        known.tell(Change("prompts"), tasks)  # what is due behind it goes with it
    one.reads = True
    async with anyio.create_task_group() as tasks:
        known.tell(Change("prompts"), tasks)
        known.tell(Change("prompts"), tasks)

    assert one.heard == [Change("prompts")]


async def test_one_caller_cannot_take_all_sessions() -> None:
    configured = builder(adding()).with_bearer_token(TOKEN).with_bearer_token(OTHER)
    limited = configured.with_limits(sessions=10, sessions_per_caller=2)
    async with (
        limited.build() as server,
        http_to(server, TOKEN) as mine,
        http_to(server, OTHER) as theirs,
    ):
        first, _ = await open_session(mine), await open_session(mine)
        refused = await mine.post("/mcp", content=legacy("initialize", INITIALIZE), headers=ACCEPT)
        assert refused.status_code == 503
        await open_session(theirs)
        await mine.delete("/mcp", headers=first)
        await open_session(mine)


@pytest.mark.parametrize("watched", [["notes://x"] * 1_001, ["notes://" + "x" * 9_000]])
async def test_what_a_stream_may_watch_is_bounded(server: ToolServer, watched: list[str]) -> None:
    wanted = {"notifications": {"resourceSubscriptions": watched}}
    async with http_to(server, TOKEN) as http:
        answer = await ask(http, "subscriptions/listen", wanted)

    assert messages(answer)[-1]["error"]["code"] == -32602


async def test_what_a_session_may_watch_is_bounded(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        session = await open_session(http)

        async def watch(uri: str) -> Any:
            body = legacy("resources/subscribe", {"uri": uri})
            return messages(await http.post("/mcp", content=body, headers=session))[-1]

        for number in range(1_000):
            assert (await watch(f"notes://{number}"))["result"] == {}
        assert (await watch("notes://0"))["result"] == {}
        assert (await watch("notes://one-more"))["error"]["code"] == -32602
        assert (await watch("notes://" + "x" * 9_000))["error"]["code"] == -32602
        await http.delete("/mcp", headers=session)


async def test_a_log_level_belongs_to_one_session(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        session = await open_session(http)
        body = legacy("logging/setLevel", {"level": "error"})
        assert messages(await http.post("/mcp", content=body, headers=session))[-1]["result"] == {}
        levels = [hearing.level for hearing in face_of(server).sessions._open.values()]
        assert levels.count("error") == 1
        body = legacy("logging/setLevel", {"level": "loud"})
        refused = await http.post("/mcp", content=body, headers=session)
        assert "error" in messages(refused)[-1]
        await http.delete("/mcp", headers=session)
