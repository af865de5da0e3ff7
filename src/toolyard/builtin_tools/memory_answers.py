"""The `memory` tool: a command in, its answer out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from toolyard.builtin_tools.memory_items import Claim, MemoryItem
from toolyard.builtin_tools.memory_language import (
    PAGE,
    SPECIFICATION,
    Command,
    understood,
)
from toolyard.core.errors import StoreError, ToolError
from toolyard.core.tool import ToolResult
from toolyard.core.toolbox import Toolbox
from toolyard.storage.store import ListedKey, Page, Sizes

_DESCRIPTION = f"""\
Remember texts by key, share them with other agents, and claim tasks so that exactly one agent \
works on each.
{SPECIFICATION}"""

_TEXT: Mapping[str, Any] = {"type": "string"}
_NUMBER: Mapping[str, Any] = {"type": "number"}
_INTEGER: Mapping[str, Any] = {"type": "integer"}
_SECONDS: Mapping[str, Any] = {"anyOf": [_NUMBER, {"type": "null"}]}
_LISTED: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "key": _TEXT,
        "version": _INTEGER,
        "added_utc": _TEXT,
        "expires_in": _SECONDS,
        "bytes": _INTEGER,
    },
    "required": ["key", "version", "added_utc", "expires_in", "bytes"],
    "additionalProperties": False,
}
_INPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "command": {
            "type": "string",
            "description": "A whole command, such as P key value; or its name alone",
        },
        "key": {"type": "string", "description": "Split form: the key, or prefix*"},
        "value": {"type": "string", "description": "Split form: the value, taken as it is"},
        "ttl": {"type": "number", "description": "Split form: seconds until it ends"},
        "expected": {"type": "integer", "description": "Split form of CAS: the version"},
        "owner": {"type": "string", "description": "Split form: who claims"},
    },
    "required": ["command"],
    "additionalProperties": False,
}
_OUTPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "status": _TEXT,
        "value": _TEXT,
        "claimed": {"type": "boolean"},
        "version": _INTEGER,
        "added_utc": _TEXT,
        "expires_in": _SECONDS,
        "owner": _TEXT,
        "keys": {"type": "array", "items": {"anyOf": [_TEXT, _LISTED]}},
        "next": _TEXT,
        "removed": _INTEGER,
        "total_bytes": _INTEGER,
        "keys_bytes": _INTEGER,
        "values_bytes": _INTEGER,
        "specification": _TEXT,
    },
    "additionalProperties": False,
}
_DONE: Mapping[str, Any] = {"status": "OK"}


class _Memory(Protocol):
    """What the commands need of a memory."""

    async def put(self, key: str, value: str, ttl_s: float | None = None) -> int: ...
    async def get(self, key: str) -> MemoryItem | None: ...
    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page: ...
    async def delete(self, key: str) -> bool: ...
    async def clear(self, prefix: str = "") -> int: ...
    async def total(self) -> Sizes: ...
    async def claim(self, key: str, owner: str, ttl_s: float) -> Claim: ...
    async def renew(self, key: str, owner: str, ttl_s: float) -> Claim | None: ...
    async def release(self, key: str, owner: str) -> bool: ...
    async def compare_and_set(
        self, key: str, value: str, *, expected: int, ttl_s: float | None = None
    ) -> int | None: ...


def memory_toolbox(memory: _Memory) -> Toolbox:
    """The tool `memory` over `memory`."""

    async def run(arguments: Mapping[str, Any]) -> ToolResult:
        try:
            answer = await _Answers(memory).to(understood(arguments))
        except ToolError as error:
            return ToolResult.error(str(error))
        except StoreError as error:
            return ToolResult.error(f"ERR:{error.code.upper()}: {error}")
        compact = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        return ToolResult.of(answer, text=compact)

    toolbox = Toolbox()
    toolbox.add_schema(
        "memory",
        run,
        description=_DESCRIPTION,
        input_schema=_INPUT,
        output_schema=_OUTPUT,
        title="Memory",
        read_only=False,
        destructive=True,
        idempotent=False,
        open_world=False,
    )
    return toolbox


class _Answers:
    """Runs commands; `ToolError` and `StoreError` for what fails."""

    def __init__(self, memory: _Memory) -> None:
        self._memory = memory

    async def to(self, command: Command) -> Mapping[str, Any]:
        """The answer, as the specification shows it."""
        return await getattr(self, f"_{command.name.lower()}")(command)

    async def _put(self, command: Command) -> Mapping[str, Any]:
        version = await self._memory.put(command.key, command.value, command.ttl_s)
        return {**_DONE, "version": version}

    async def _get(self, command: Command) -> Mapping[str, Any]:
        found = await self._memory.get(command.key)
        if found is None:
            raise _not_found(command.key)
        answer: dict[str, Any] = {"value": found.value}
        if found.is_claim:
            answer["claimed"] = True
        if command.has_meta:
            answer |= _stamp(found)
        return answer

    async def _list(self, command: Command) -> Mapping[str, Any]:
        page = await self._memory.list_keys(command.key, after=command.after, limit=PAGE)
        keys = [_listed(each) if command.has_meta else each.key for each in page.keys]
        return {"keys": keys} if page.cursor is None else {"keys": keys, "next": page.cursor}

    async def _delete(self, command: Command) -> Mapping[str, Any]:
        if not await self._memory.delete(command.key):
            raise _not_found(command.key)
        return _DONE

    async def _clear(self, command: Command) -> Mapping[str, Any]:
        return {**_DONE, "removed": await self._memory.clear(command.key)}

    async def _total(self, command: Command) -> Mapping[str, Any]:
        sizes = await self._memory.total()
        match command.scope:
            case "K":
                return {"keys_bytes": sizes.key_bytes}
            case "V":
                return {"values_bytes": sizes.value_bytes}
            case _:
                return {"total_bytes": sizes.key_bytes + sizes.value_bytes}

    async def _claim(self, command: Command) -> Mapping[str, Any]:
        claim = await self._memory.claim(command.key, command.owner, command.ttl_s or 0)
        if not claim.is_won:
            raise ToolError(_taken(command.key, claim))
        return _claimed(claim)

    async def _renew(self, command: Command) -> Mapping[str, Any]:
        claim = await self._memory.renew(command.key, command.owner, command.ttl_s or 0)
        if claim is None:
            raise _not_holder(command)
        return _claimed(claim)

    async def _release(self, command: Command) -> Mapping[str, Any]:
        if not await self._memory.release(command.key, command.owner):
            raise _not_holder(command)
        return _DONE

    async def _cas(self, command: Command) -> Mapping[str, Any]:
        version = await self._memory.compare_and_set(
            command.key, command.value, expected=command.expected, ttl_s=command.ttl_s
        )
        if version is None:
            raise ToolError(
                f"ERR:CONFLICT: {_shown(command.key)} is not at version {command.expected}; "
                "nothing was written. G key META tells what is there."
            )
        return {**_DONE, "version": version}

    async def _spec(self, command: Command) -> Mapping[str, Any]:
        del command
        return {"specification": SPECIFICATION}


def _claimed(claim: Claim) -> Mapping[str, Any]:
    expires_in = claim.expires_in_s
    return {**_DONE, "owner": claim.owner, "version": claim.version, "expires_in": expires_in}


def _taken(key: str, claim: Claim) -> str:
    if not claim.owner:
        return f"ERR:CLAIMED: {_shown(key)} holds a value; it is done, or was never to be claimed."
    left = "" if claim.expires_in_s is None else f" for {claim.expires_in_s:.3g} s more"
    return (
        f"ERR:CLAIMED: {_shown(claim.owner)} holds {_shown(key)}{left}; choose another task or "
        "try again then."
    )


def _not_holder(command: Command) -> ToolError:
    return ToolError(
        f"ERR:NOT_HOLDER: {_shown(command.owner)} does not hold {_shown(command.key)} (any more); "
        "stop working on it, or claim it again."
    )


def _not_found(key: str) -> ToolError:
    return ToolError(f"ERR:NOT_FOUND: nothing is at {_shown(key)}; L lists the keys.")


def _shown(key: str) -> str:
    return repr(key if len(key) <= 80 else key[:80] + "...")


def _stamp(found: MemoryItem | ListedKey) -> dict[str, Any]:
    added = datetime.fromtimestamp(found.added_at, UTC)
    left = found.expires_in_s
    return {
        "version": found.version,
        "added_utc": added.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "expires_in": None if left is None else round(left, 3),
    }


def _listed(key: ListedKey) -> dict[str, Any]:
    return {"key": key.key, **_stamp(key), "bytes": key.value_bytes}
