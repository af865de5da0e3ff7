"""Answers to what a server asks in the middle of a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import mcp_types as types
from pydantic import BaseModel, TypeAdapter

from toolyard.clients import wire
from toolyard.core.inputs import InputRequest

Answer = Callable[[InputRequest], Awaitable[Mapping[str, Any]]]
"""Gives the answer to a question, as MCP writes it: `{"action": "accept", "content": {...}}`."""

_SAMPLED: TypeAdapter[types.CreateMessageResult] = TypeAdapter(types.CreateMessageResult)


def callbacks(answer: Answer | None) -> dict[str, Any]:
    """What the SDK's client calls when a server asks; by having them it says that it can."""
    if answer is None:
        return {}
    ask = answer

    async def elicit(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        del context
        said = await ask(_question("elicitation/create", params))
        return types.ElicitResult.model_validate(said)

    async def sample(
        context: object, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        del context
        said = await ask(_question("sampling/createMessage", params))
        return _SAMPLED.validate_python(said)

    async def roots(context: object) -> types.ListRootsResult:
        del context
        return types.ListRootsResult.model_validate(await ask(InputRequest("roots/list")))

    return {
        "elicitation_callback": elicit,
        "sampling_callback": sample,
        "list_roots_callback": roots,
    }


def _question(method: str, params: BaseModel) -> InputRequest:
    return InputRequest(method, cast("dict[str, Any]", wire.dumped(params)))
