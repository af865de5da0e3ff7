"""The checks of a server's tools, in each protocol era it speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mcp_types.version import LATEST_MODERN_VERSION

from toolyard.clients.doctor.examination import Broken, Examination, Found
from toolyard.clients.doctor.finding import Finding, listed, ok
from toolyard.clients.doctor.identity import caching
from toolyard.clients.doctor.reply import Asker
from toolyard.clients.doctor.tools import (
    Listing,
    explains_bad_arguments,
    keeps_order,
    list_tools,
    of_pages,
    refuses_bad_cursor,
    refuses_unknown_tool,
    same_in_both,
)
from toolyard.clients.mcp_client import MCPClient
from toolyard.clients.targets import StdioServer
from toolyard.core.context import CallContext
from toolyard.core.tool import Tool


@dataclass(frozen=True, slots=True)
class Era:
    """A revision the server agreed to, and the way to ask in it."""

    revision: str
    asker: Asker


async def examine_tools(eras: Sequence[Era], examination: Examination) -> Sequence[Tool]:
    """Check lists and calls in each era; gives the tools of the first that lists any."""
    listings: dict[Era, Listing] = {}

    async def lists(era: Era) -> Finding:
        listings[era] = await list_tools(era.asker)
        return of_pages(listings[era])

    async def explains(era: Era) -> Finding | None:
        return await explains_bad_arguments(era.asker, listings[era].tools)

    await _in_each(eras, "tools", lists, examination)
    for era, listing in listings.items():
        if era.revision == LATEST_MODERN_VERSION:
            examination.note(tuple(caching("tools/list", listing.pages[0])))
    known = tuple(listings)
    if len(known) > 1:
        examination.note(same_in_both(*(listings[era].tools for era in known)))
    await _in_each(known, "order", lambda era: keeps_order(era.asker, listings[era]), examination)
    await _in_each(known, "cursor", lambda era: refuses_bad_cursor(era.asker), examination)
    await _in_each(known, "unknown-tool", lambda era: refuses_unknown_tool(era.asker), examination)
    await _in_each(known, "arguments", explains, examination)
    return listings[known[0]].tools if known else ()


async def _in_each(
    eras: Sequence[Era],
    check: str,
    work: Callable[[Era], Awaitable[Found]],
    examination: Examination,
) -> None:
    """Do `work` in each era; what is found in all of them is told once."""
    revisions: dict[Finding, list[str]] = {}
    for era in eras:
        for finding in await examination.outcome(check, partial(work, era)):
            revisions.setdefault(finding, []).append(era.revision)
    for finding, within in revisions.items():
        where = "" if len(within) == len(eras) else f"In {', '.join(within)}: "
        examination.note(replace(finding, text=where + finding.text))


async def connects(
    target: str | StdioServer,
    token: str | None,
    *,
    revision: str,
    names: Sequence[str],
    timeout_s: float,
) -> Finding:
    """A real client connects and, unless the list is known to be empty or broken, lists.

    Args:
        target: Where the server is.
        token: What it knows us by.
        revision: As `MCPClient` takes it.
        names: The tools it should see.
        timeout_s: For connecting, and for the list.
    """
    client = MCPClient(
        target, token=token, revision=revision, connect_s=timeout_s, call_s=timeout_s
    )
    async with client:
        if not names:
            return ok("session", f"A client ({revision}) connects.")
        seen = [tool.name for tool in await client.list_tools(CallContext())]
    missing = [name for name in names if name not in seen]
    if missing:
        raise Broken(f"A client ({revision}) is not shown {listed(missing)}: it drops them.")
    return ok("session", f"A client ({revision}) connects and lists the tools.")
