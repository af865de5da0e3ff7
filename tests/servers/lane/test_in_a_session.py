"""Calls of a session that are in the fast lane while the session goes on beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import mcp_types as types
from tests.servers.harness import builder, client_of, http_to, legacy, messages, open_session
from tests.servers.lane.sides import Box
from tests.servers.lane.slow import Slow, until

from toolyard import Caller, Toolbox
from toolyard.servers.tool_calls import MOST_ROUNDS, TOO_MANY_QUESTIONS
from toolyard.servers.tool_server import ToolServer

JSON = "application/json"


@asynccontextmanager
async def session_with(
    box: Toolbox, **limits: float
) -> AsyncGenerator[tuple[httpx2.AsyncClient, dict[str, str], ToolServer]]:
    """A client that has opened a session with a server of `box`."""
    async with builder(box).with_limits(**limits).build() as server, http_to(server) as http:
        headers = await open_session(http)
        while not await is_quick(http, headers):  # until its handshake is done
            await anyio.lowlevel.checkpoint()
        yield http, headers, server


async def is_quick(http: httpx2.AsyncClient, headers: dict[str, str]) -> bool:
    listed = await http.post("/mcp", content=legacy("tools/list"), headers=headers)
    return listed.headers["content-type"] == JSON


async def called(
    http: httpx2.AsyncClient,
    headers: dict[str, str],
    name: str,
    request_id: int | str = 1,
    **arguments: Any,
) -> httpx2.Response:
    params = {"name": name, "arguments": arguments}
    content = legacy("tools/call", params, number=request_id)
    return await http.post("/mcp", content=content, headers=headers)


async def test_a_call_is_one_json_answer_of_its_session() -> None:
    box = Slow()
    async with session_with(box) as (http, headers, _):
        answer = await called(http, headers, "quick", number=7)
    assert answer.headers["content-type"] == JSON
    assert answer.headers["mcp-session-id"] == headers["mcp-session-id"]
    assert box.begun == ["quick 7"]


async def test_what_never_waits_is_answered_at_once_and_its_number_is_free_again() -> None:
    box = Box()
    tools = ("add", "none", "refuse", "bug", "wrong", "noted", "add")
    async with session_with(box) as (http, headers, _):
        answers = [await called(http, headers, tool, a=1) for tool in tools for _ in range(2)]
        answers += [await called(http, headers, "add", a=1)]
    assert {answer.headers["mcp-session-id"] for answer in answers} == {headers["mcp-session-id"]}
    said = [messages(answer)[-1] for answer in answers]
    assert [each["id"] for each in said] == [1] * len(answers)
    assert said[::2] == [*said[1::2], said[0]]
    assert box.runs == Counter({"add": 5, **dict.fromkeys(tools[1:-1], 2)})


async def test_a_call_can_be_cancelled() -> None:
    box = Slow()
    answers: list[httpx2.Response] = []
    async with session_with(box) as (http, headers, _), anyio.create_task_group() as tasks:

        async def ask() -> None:
            answers.append(await called(http, headers, "wait", 5))

        tasks.start_soon(ask)
        await until(box, 1)
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
        told = await http.post("/mcp", json={**cancel, "params": {"requestId": 5}}, headers=headers)
        assert told.status_code == 202
        await until(box, 2)
    (message,) = messages(answers[0])
    assert message["error"]["code"] == -32800
    assert (box.begun, box.ended) == (["wait"], ["cancelled"])


async def test_a_session_that_ends_takes_its_calls_along() -> None:
    box = Slow()
    answers: list[httpx2.Response] = []
    async with session_with(box) as (http, headers, _), anyio.create_task_group() as tasks:

        async def ask() -> None:
            answers.append(await called(http, headers, "wait"))

        tasks.start_soon(ask)
        await until(box, 1)
        assert (await http.delete("/mcp", headers=headers)).status_code == 200
        await until(box, 2)
        assert (await called(http, headers, "quick", number=1)).status_code == 404
    assert messages(answers[0]) == []
    assert (box.begun, box.ended) == (["wait"], ["cancelled"])


async def test_a_client_can_be_asked_during_a_call_which_runs_once() -> None:
    async def answer(context: Any, params: Any) -> types.ElicitResult:
        del context, params
        return types.ElicitResult(action="accept", content={"name": "Ada"})

    box = Box()
    async with (
        builder(box).build() as server,
        client_of(server, "legacy", elicitation_callback=answer) as client,
    ):
        said = [await client.call_tool("ask", {}) for _ in range(2)]
        deaf = await client.call_tool("question", {})
        async with http_to(server) as http:
            metrics = (await http.get("/metrics")).text
    assert [each.structured_content for each in said] == [{"result": "accept"}] * 2
    assert box.runs["ask"] == 2
    assert deaf.is_error
    assert TOO_MANY_QUESTIONS in str(deaf.content)
    assert box.runs["question"] == MOST_ROUNDS
    assert 'calls_total{outcome="error",tool="question"} 1.0' in metrics


async def test_a_log_level_holds_for_the_calls_after_it() -> None:
    async with session_with(Box()) as (http, headers, _):
        loud = await called(http, headers, "told")
        level = legacy("logging/setLevel", {"level": "error"})
        assert (await http.post("/mcp", content=level, headers=headers)).status_code == 200
        quiet = await called(http, headers, "told")
    assert [each.get("method") for each in messages(loud)] == ["notifications/message", None]
    assert quiet.headers["content-type"] == JSON


async def test_a_second_request_of_the_same_id_is_the_sdks() -> None:
    """It is only looked whether it would be: the SDK then leaves a stream open."""
    box = Slow()
    async with session_with(box) as (http, headers, server), anyio.create_task_group() as tasks:
        tasks.start_soon(called, http, headers, "wait", 1)
        await until(box, 1)
        side = server.long_way.side
        assert side is not None
        assert side.sessions is not None
        session = side.sessions.find(headers["mcp-session-id"].encode(), Caller("anonymous"))
        assert session is not None
        assert [session.is_under_way(number) for number in (1, "1", 2)] == [True, True, False]
        box.go.set()


async def test_a_session_that_is_used_does_not_expire() -> None:
    box = Slow()
    async with session_with(box) as (http, headers, server):
        side = server.long_way.side
        assert side is not None
        assert side._manager is not None
        scope = side._manager._server_instances[headers["mcp-session-id"]].idle_scope
        assert scope is not None
        idle_s = scope.deadline - anyio.current_time()
        scope.deadline = anyio.current_time() + 1
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(called, http, headers, "wait")
            await until(box, 1)
            assert scope.deadline == math.inf
            box.go.set()
        for ask in (called(http, headers, "quick", number=1), is_quick(http, headers)):
            scope.deadline -= 10  # as if so much time had passed
            before = anyio.current_time()
            assert await ask
            assert before + idle_s - 2 < scope.deadline < math.inf


async def test_the_end_of_a_session_is_not_moved_with_each_request() -> None:
    box = Slow()
    async with session_with(box) as (http, headers, server):
        assert await called(http, headers, "quick", number=1)
        side = server.long_way.side
        assert side is not None
        assert side._manager is not None
        scope = side._manager._server_instances[headers["mcp-session-id"]].idle_scope
        assert scope is not None
        before = scope.deadline = scope.deadline - 0.01
        assert await is_quick(http, headers)
        assert scope.deadline == before


async def test_a_session_of_somebody_else_is_not_found() -> None:
    secrets = ["one-token-for-these-tests-0123456789ab", "two-token-for-these-tests-0123456789ab"]
    configured = builder(Slow())
    for secret in secrets:
        configured = configured.with_bearer_token(secret)
    async with (
        configured.build() as server,
        http_to(server, secrets[0]) as mine,
        http_to(server, secrets[1]) as theirs,
    ):
        headers = await open_session(mine)
        while not await is_quick(mine, headers):
            await anyio.lowlevel.checkpoint()
        assert (await called(theirs, headers, "quick", number=1)).status_code == 404
