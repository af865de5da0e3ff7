"""What a server says about itself when a host connects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mcp_types as types
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_MODERN_VERSION

from toolyard.clients.doctor.finding import Finding, failure, ok, shown, warning
from toolyard.clients.doctor.reply import Message, Reply, mapping

MOST_INSTRUCTIONS = 2048
"""Letters; hosts cut off what is beyond."""


def serves_modern(reply: Reply) -> bool:
    """Whether the answer to `server/discover` is one of a revision we know."""
    versions: Any = (reply.result or {}).get("supportedVersions")
    return isinstance(versions, list) and LATEST_MODERN_VERSION in versions


def of_discovery(reply: Reply) -> Iterator[Finding]:
    """What the answer to `server/discover` says."""
    if reply.result is None or not serves_modern(reply):
        yield warning(
            "modern",
            f"The server does not speak {LATEST_MODERN_VERSION} (server/discover gave {reply}): "
            "newer hosts fall back to the handshake, as long as they know it.",
        )
        return
    meta = mapping(reply.result.get("_meta")) or {}
    yield _greeting("modern", LATEST_MODERN_VERSION, meta.get(types.SERVER_INFO_META_KEY))
    yield from _instructions(reply.result)
    yield from caching("server/discover", reply.result)
    yield from _changes(reply.result)


def of_introduction(reply: Reply, *, only_era: bool = False) -> Iterator[Finding]:
    """What the answer to `initialize` says; more, if no `server/discover` said it already."""
    result = reply.result or {}
    revision = result.get("protocolVersion")
    if revision not in HANDSHAKE_PROTOCOL_VERSIONS:
        yield warning(
            "legacy",
            f"The server does not speak the handshake revisions (initialize gave {reply}): many "
            "hosts still speak nothing else.",
        )
        return
    yield _greeting("legacy", str(revision), result.get("serverInfo"))
    yield from _instructions(result)
    if only_era:
        yield from _changes(result)


def _greeting(check: str, revision: str, info: object) -> Finding:
    known = mapping(info) or {}
    name, version = known.get("name"), known.get("version")
    if not name:
        return warning(check, f"It speaks {revision}, but does not say its name: hosts show it.")
    called = shown(str(name)) + (f", version {shown(str(version))}" if version else "")
    return ok(check, f"It speaks {revision} and calls itself {called}.")


def _instructions(result: Message) -> Iterator[Finding]:
    letters = len(str(result.get("instructions") or ""))
    if letters > MOST_INSTRUCTIONS:
        yield warning(
            "instructions",
            f"The instructions have {letters} letters; hosts cut them off at about "
            f"{MOST_INSTRUCTIONS}: say the most important first.",
        )


def _changes(result: Message) -> Iterator[Finding]:
    capabilities = mapping(result.get("capabilities")) or {}
    tools = mapping(capabilities.get("tools"))
    if tools is None:
        yield warning("capabilities", "It does not declare tools: hosts will not ask for them.")
    elif tools.get("listChanged") is True:
        yield ok("list-changed", "It tells hosts when its tools change.")
    else:
        yield warning(
            "list-changed",
            "It does not promise to tell of changed tools (tools.listChanged): hosts may keep an "
            "old list for as long as they are connected.",
        )


def caching(method: str, result: Message) -> Iterator[Finding]:
    """Whether a result of 2026-07-28 says how long, and by whom, it may be kept."""
    keep_ms, scope = result.get("ttlMs"), result.get("cacheScope")
    timed = isinstance(keep_ms, int) and not isinstance(keep_ms, bool) and keep_ms >= 0
    if not timed or scope not in ("private", "public"):
        yield failure(
            "caching",
            f"{method} does not say how long it may be kept: the protocol asks for ttlMs and "
            "cacheScope.",
        )
    elif scope == "public":
        yield warning(
            "caching",
            f"Caches may give {method} of one caller to another (cacheScope public): say private, "
            "unless it is the same for everyone for ever.",
        )
    else:
        yield ok("caching", f"{method} may be kept for {keep_ms} ms, by this caller only.")
