"""Answers to what a server asks in the middle of a call."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import mcp_types as types
from pydantic import BaseModel, TypeAdapter

from toolyard.clients import wire
from toolyard.core.inputs import InputRequest

logger = logging.getLogger("toolyard.clients")

Answer = Callable[[InputRequest], Awaitable[Mapping[str, Any]]]
"""Gives the answer to a question, as MCP writes it: `{"action": "accept", "content": {...}}`."""

Said = TypeVar("Said")

_ELICITED = TypeAdapter(types.ElicitResult)
_SAMPLED = TypeAdapter(types.CreateMessageResult)
_ROOTS = TypeAdapter(types.ListRootsResult)


def callbacks(answer: Answer | None) -> dict[str, Any]:
    """What the SDK's client calls when a server asks; by having them it says that it can."""
    if answer is None:
        return {}
    ask = answer

    async def answered(asked: InputRequest, kind: TypeAdapter[Said]) -> Said | types.ErrorData:
        try:
            return kind.validate_python(await ask(asked))
        except Exception:  # the server learns that there is no answer, and nothing of our side
            logger.exception("the answer to %r failed", asked.method)
            return types.ErrorData(code=types.INTERNAL_ERROR, message="There is no answer.")

    async def elicit(context: object, params: types.ElicitRequestParams) -> object:
        del context
        return await answered(_question("elicitation/create", params), _ELICITED)

    async def sample(context: object, params: types.CreateMessageRequestParams) -> object:
        del context
        return await answered(_question("sampling/createMessage", params), _SAMPLED)

    async def roots(context: object) -> object:
        del context
        return await answered(InputRequest("roots/list"), _ROOTS)

    return {
        "elicitation_callback": elicit,
        "sampling_callback": sample,
        "list_roots_callback": roots,
    }


def _question(method: str, params: BaseModel) -> InputRequest:
    return InputRequest(method, cast("dict[str, Any]", wire.dumped(params)))
