"""Checks of what a server does with its tools, the same in every era and on every transport.

No tool is run: calls name a tool that does not exist, or leave out arguments it requires.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from pydantic import ValidationError

from toolyard.clients import wire
from toolyard.clients.bounds import Excess, Listed
from toolyard.clients.doctor.examination import Broken
from toolyard.clients.doctor.finding import Finding, failure, listed, ok, shown, warning
from toolyard.clients.doctor.reply import Asker, Message, Reply, mapping
from toolyard.core.tool import Tool


def nonsense(what: str) -> str:
    """A name that no server knows."""
    return f"toolyard_doctor_{what}_{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Every page of `tools/list`."""

    pages: Sequence[Message]
    tools: Sequence[Tool]

    @property
    def names(self) -> list[str]:
        """The tools' names in the order they came."""
        return [tool.name for tool in self.tools]


async def list_tools(asker: Asker) -> Listing:
    """Follow the cursors to the end.

    Raises:
        Broken: There is no end, or something came that is no list.
    """
    pages: list[Message] = []
    cursors: list[object] = [None]
    so_far = Listed()
    while True:
        cursor = cursors[-1]
        reply = await asker.ask("tools/list", None if cursor is None else {"cursor": cursor})
        pages.append(_page(reply, len(pages)))
        try:
            so_far.add(pages[-1], len(pages[-1]["tools"]))
        except Excess as excess:
            raise Broken(f"tools/list has {excess}: clients give up before the end.") from None
        cursor = pages[-1].get("nextCursor")
        if cursor is None:
            return Listing(pages, tuple(_tool(raw) for page in pages for raw in page["tools"]))
        if cursor in cursors:
            raise Broken("tools/list gives a cursor twice: clients would list for ever.")
        cursors.append(cursor)


def _page(reply: Reply, number: int) -> Message:
    if reply.result is None or not isinstance(reply.result.get("tools"), list):
        where = f"page {number + 1} of " if number else ""
        raise Broken(f"Asked for {where}tools/list, the server gave {reply}.")
    return reply.result


def _tool(raw: object) -> Tool:
    try:
        return wire.tool(types.Tool.model_validate(raw))
    except ValidationError as error:
        name = shown(str((mapping(raw) or {}).get("name")))
        wrong = ".".join(str(step) for step in error.errors()[0]["loc"]) or "shape"
        raise Broken(
            f"The tool {name} is listed with a wrong {wrong}: clients refuse the whole list."
        ) from None


def of_pages(listing: Listing) -> Finding:
    """How many tools and pages there were."""
    pages = len(listing.pages)
    if not listing.tools:
        return warning("tools", "The server lists no tools.")
    inside = f" on {pages} pages" if pages > 1 else ""
    count = f"{len(listing.tools)} tools" if len(listing.tools) > 1 else "1 tool"
    return ok("tools", f"It lists {count}{inside}.")


async def keeps_order(asker: Asker, before: Listing) -> Finding:
    """The same list twice."""
    again = (await list_tools(asker)).names
    if again == before.names:
        return ok("order", "The list comes in the same order each time.")
    if sorted(again) == sorted(before.names):
        return warning(
            "order",
            "The list comes in another order each time, which spoils models' prompt caches: sort "
            "it.",
        )
    return warning("order", "The list holds other tools each time it is asked for.")


async def refuses_bad_cursor(asker: Asker) -> Finding:
    """A page cursor that nobody gave out."""
    reply = await asker.ask("tools/list", {"cursor": nonsense("cursor")})
    if reply.error_code == types.INVALID_PARAMS:
        return ok("cursor", "A cursor it did not give out is refused with -32602.")
    advice = "the protocol asks for the error -32602"
    if reply.result is not None:
        return warning("cursor", f"A cursor it did not give out is taken for a good one: {advice}.")
    return failure("cursor", f"A cursor it did not give out gives {reply}: {advice}.")


async def refuses_unknown_tool(asker: Asker) -> Finding:
    """A tool that does not exist."""
    reply = await asker.ask("tools/call", {"name": nonsense("tool"), "arguments": {}})
    if reply.error_code == types.INVALID_PARAMS:
        return ok("unknown-tool", "A tool it does not have is refused with -32602.")
    return failure(
        "unknown-tool",
        f"A tool it does not have gives {reply}: the protocol asks for the error -32602, so that "
        "clients know that nothing ran.",
    )


async def explains_bad_arguments(asker: Asker, tools: Sequence[Tool]) -> Finding | None:
    """A call without the arguments a tool requires; `None` if no tool requires any."""
    tool = demanding(tools)
    if tool is None:
        return None
    reply = await asker.ask("tools/call", {"name": tool.name, "arguments": {}})
    return _of_bad_arguments(tool.name, reply)


def demanding(tools: Sequence[Tool]) -> Tool | None:
    """A tool that cannot do anything when called with nothing; one that only reads if possible."""
    return min((tool for tool in tools if _demands(tool)), key=_danger, default=None)


def _demands(tool: Tool) -> bool:
    required: Any = tool.input_schema.get("required")
    return isinstance(required, list) and required != []


def _danger(tool: Tool) -> int:
    hints = tool.annotations
    if hints is None:
        return 2
    if hints.read_only:
        return 0
    return 1 if hints.destructive is False else 3 if hints.destructive else 2


def _of_bad_arguments(name: str, reply: Reply) -> Finding:
    check, subject = "arguments", f"Without its required arguments {shown(name)}"
    if reply.error_code == types.INVALID_PARAMS:
        return warning(
            check,
            f"{subject} gives the protocol error -32602, which hosts do not show the model: "
            "answer with an isError result that says what is missing.",
            name,
        )
    if reply.result is None:
        return failure(
            check,
            f"{subject} gives {reply}: answer with an isError result that says what is missing.",
            name,
        )
    if not reply.result.get("isError"):
        return failure(
            check, f"{subject} ran all the same: check the arguments before the tool runs.", name
        )
    if not _has_text(reply.result):
        return warning(
            check, f"{subject} fails without a text: say to the model what is missing.", name
        )
    return ok(check, "Missing arguments give an isError result with a text for the model.")


def _has_text(result: Message) -> bool:
    blocks: Any = result.get("content")
    if not isinstance(blocks, list):
        return False
    return any((mapping(block) or {}).get("text") for block in blocks)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def same_in_both(modern: Sequence[Tool], legacy: Sequence[Tool]) -> Finding:
    """Whether hosts of both eras see the same tools."""
    new, old = _seen(modern), _seen(legacy)
    apart = sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name))
    if apart:
        return warning(
            "same-tools",
            f"Hosts of the two eras do not see the same of {listed(apart)}: offer the same tools "
            "in both.",
        )
    return ok("same-tools", "Hosts of both eras see the same tools.")


def _seen(tools: Sequence[Tool]) -> Mapping[str, object]:
    """What a model is shown; output schemas may differ, as older revisions know fewer."""
    return {tool.name: (tool.description, tool.input_schema) for tool in tools}
