"""The tools that change what is served, over plain HTTP: `POST /yard/COMMAND`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from toolyard.core.background import Background
from toolyard.core.context import SILENCE
from toolyard.core.errors import ToolyardError
from toolyard.core.tool import ToolCall
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.security.gate import Gate
from toolyard.servers.exchange import Exchange, exchange_of
from toolyard.servers.paths import CONTROL_PATH, path_of
from toolyard.servers.plain import plain
from toolyard.servers.reply import reply
from toolyard.servers.scopes import Scopes
from toolyard.servers.streams import Receive, Scope, Send
from toolyard.servers.tool_calls import ToolCalls

CONTROL = "yard"
"""The mount and the prefix of these tools."""
LIST = "list"


@dataclass(frozen=True, slots=True)
class _Answer:
    said: Any
    status: int = 200


class Control:
    """Calls the tool `yard_COMMAND` with the JSON object in the body, and answers with JSON.

    `GET /yard` is the command `list`. A command that is not carried out answers
    `{"error": "..."}` with a status of 400 or more.
    """

    def __init__(self, registry: ToolRegistry, gate: Gate, tools: ToolCalls) -> None:
        self._registry = registry
        self._scopes = Scopes(registry)
        self._gate = gate
        self._tools = tools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that passed the gate."""
        answer = await self._answer(scope, receive)
        body = json.dumps(answer.said, ensure_ascii=False, separators=(",", ":"))
        await reply(send, body.encode(), status=answer.status)

    async def _answer(self, scope: Scope, receive: Receive) -> _Answer:
        method, command = scope["method"], path_of(scope).removeprefix(CONTROL_PATH)[1:]
        exchange = exchange_of(scope)
        if method == "GET" and not command:
            return await self._run(exchange, receive, LIST, {})
        if method != "POST" or not command:
            return _error(
                405,
                f"Send POST {CONTROL_PATH}/COMMAND, or GET {CONTROL_PATH} for the list of mounts.",
            )
        try:
            message = await receive()  # the gate has the whole body, and gives it in one piece
            given: Any = json.loads(message["body"] or b"{}")
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            return _error(400, "The body is not a JSON object.")
        return await self._run(exchange, receive, command, cast("dict[str, Any]", given))

    async def _run(
        self, exchange: Exchange, receive: Receive, command: str, arguments: Mapping[str, Any]
    ) -> _Answer:
        call, caller = ToolCall(f"{CONTROL}_{command}", arguments), exchange.caller
        self._gate.check_scope(caller, self._scopes.needed("tool", call.name))
        if self._registry.find(call.name) is None:
            return _error(404, f"There is no command {command[:64]!r}.")

        try:
            async with Background() as tasks:
                tasks.start_soon(_until_gone, receive)
                result = await self._tools.run(call, caller, exchange, SILENCE)
        except ToolyardError as error:
            return _error(503 if error.retryable else 400, str(error))
        if result.is_error:
            return _error(400, result.text)
        return _Answer(plain(result.structured))


async def _until_gone(receive: Receive) -> None:
    """Hear of a client that goes away, which ends its calls."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _error(status: int, text: str) -> _Answer:
    return _Answer({"error": text}, status)
