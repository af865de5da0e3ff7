"""Talking to Redis: each request is sent once, within a time, and its failure is told as ours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal

import anyio
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from toolyard.core.errors import (
    ConfigError,
    OutcomeUnknown,
    StoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
)
from toolyard.storage.circuit import Circuit
from toolyard.storage.redis_scripts import LOST, Script

_log = logging.getLogger("toolyard.storage")

_ANSWERS = (ResponseError, BusyLoadingError, AuthenticationError)
"""What the server said; redis-py takes some of it for a lost connection."""

Durability = Literal["always", "everysec", "no", "none", "unknown"]
_FAILURES = 5
"""In a row, after which requests are refused at once."""
_PAUSE_S = 1.0
_DURABILITIES: dict[str, Durability] = {"always": "always", "everysec": "everysec", "no": "no"}


class RedisLink:
    """Connections to one server. One that failed, or whose request was cancelled, is dropped.

    Nothing is ever sent twice: that could do a change twice. After five failures in a row requests
    are refused at once, but for one a second that looks whether the server is back.
    """

    def __init__(self, url: str, *, timeout_s: float, connections: int) -> None:
        try:
            self._pool: Any = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
                url,
                protocol=2,
                max_connections=connections,
                socket_timeout=timeout_s,
                socket_connect_timeout=timeout_s,
                retry_on_timeout=False,
                health_check_interval=0,
            )
        except ValueError as error:  # its text may hold the password
            raise ConfigError(
                "The address of Redis is malformed: write redis://HOST:PORT/NUMBER."
            ) from error
        self._timeout_s = timeout_s
        self._turns = anyio.CapacityLimiter(connections)
        self._circuit = Circuit(
            failures=_FAILURES, pause_s=_PAUSE_S, probe_s=max(_PAUSE_S, 2 * timeout_s)
        )

    async def close(self) -> None:
        """Close all connections."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(self._timeout_s):
            await self._pool.disconnect()

    async def run(self, script: Script, keys: Sequence[str], *arguments: object) -> Any:
        """What `script` returns.

        Raises:
            StoreError: Or one of its kind; the request was not run, but for `OutcomeUnknown`.
        """
        given = (len(keys), *keys, *arguments)
        try:
            return await self._ask(("EVALSHA", script.name, *given), script.changes)
        except NoScriptError:  # the server does not know it yet and has done nothing
            return await self._ask(("EVAL", script.text, *given), script.changes)

    async def _ask(self, command: Sequence[object], changes: bool) -> Any:
        async with self._turns:
            self._circuit.enter()
            connection = await self._connected()
            try:
                return await self._exchange(connection, command, changes)
            finally:
                await self._pool.release(connection)

    async def _connected(self) -> AbstractConnection:
        try:
            with anyio.fail_after(self._timeout_s):
                return await self._pool.get_connection()
        except (RedisError, OSError, TimeoutError) as error:
            if not isinstance(error, _ANSWERS):
                self._circuit.failed()
            raise _refusal(error) from error

    async def _exchange(self, connection: Any, command: Sequence[object], changes: bool) -> Any:
        try:
            with anyio.fail_after(self._timeout_s):
                await connection.send_command(*command, check_health=False)
                answer = await connection.read_response(disconnect_on_error=False)
        except _ANSWERS as error:
            self._circuit.succeeded()
            if isinstance(error, NoScriptError):
                raise
            if str(error).startswith(LOST):
                _log.error(_LOST)
            raise _refusal(error) from error
        except (RedisError, OSError, TimeoutError) as error:
            self._circuit.failed()
            await self._drop(connection)
            raise _silence(changes) from error
        except BaseException:  # above all a cancellation: the answer is still to come
            await self._drop(connection)
            raise
        self._circuit.succeeded()
        return answer

    async def _drop(self, connection: Any) -> None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(1):
            await connection.disconnect(nowait=True)

    @property
    def answers(self) -> bool:
        """Whether the server has answered lately."""
        return not self._circuit.is_open

    async def durability(self) -> Durability:
        """What the server says it keeps over a crash; logged where that is not everything."""
        try:
            kept = await self._settings()
        except StoreUnavailable:
            raise
        except StoreError:  # managed servers keep their settings to themselves
            kept = {}
        if not kept:
            found: Durability = "unknown"
        elif kept.get("appendonly") != "yes":
            found = "none"
        else:
            found = _DURABILITIES.get(kept.get("appendfsync", ""), "unknown")
        self._say(found, kept.get("maxmemory-policy", "noeviction"))
        return found

    async def _settings(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in ("appendonly", "appendfsync", "maxmemory-policy"):
            answer = await self._ask(("CONFIG", "GET", name), False)
            words = [word.decode() for word in answer]
            found.update(zip(words[::2], words[1::2], strict=True))
        return found

    def _say(self, durability: Durability, policy: str) -> None:
        if durability != "always":
            _log.warning(
                "Redis may lose acknowledged writes and claims when it crashes (its durability is "
                "%s): set appendonly yes and appendfsync always.",
                durability,
            )
        if policy != "noeviction":
            _log.warning(
                "Redis may throw the store away when memory is short (maxmemory-policy is %s): "
                "set it to noeviction.",
                policy,
            )


_LOST = (
    "Redis has lost changes that it had acknowledged, by a restart or by a failover to a replica: "
    "look again at everything, and claim again."
)


def _silence(changes: bool) -> StoreError:
    """What it means that no answer came."""
    if not changes:
        return StoreUnavailable("Redis stopped answering; try again.")
    return OutcomeUnknown(
        "Redis stopped answering, so a change may have been made or not: "
        "read before you write again."
    )


def _refuses_us(said: str) -> bool:
    """Also where a request is too long for somebody who has not said a password."""
    return said.startswith(("NOAUTH", "NOPERM", "WRONGPASS")) or "authenticat" in said.lower()


def _refusal(error: Exception) -> StoreError:
    """What an answer, or a connection that never was, means; nothing was changed."""
    said = str(error)
    if isinstance(error, OutOfMemoryError) or said.startswith("OOM"):
        return StoreFull("Redis has reached its maxmemory. Delete something or give it more.")
    if isinstance(error, AuthenticationError) or _refuses_us(said):
        return StoreUnusable("Redis does not let us in: check the user and the password.")
    if isinstance(error, ReadOnlyError) or said.startswith("READONLY"):
        return StoreUnusable("Redis is a read-only replica here: connect to the primary.")
    if said.startswith(LOST):
        return StoreUnusable(_LOST)
    if said.startswith("MISCONF"):
        return StoreUnavailable("Redis cannot write to its disk and takes no changes.")
    if isinstance(error, ResponseError) and not isinstance(error, BusyLoadingError):
        return StoreUnusable("Redis refuses a request that toolyard needs; is it 6.2 or newer?")
    return StoreUnavailable("Redis cannot be reached, or is still loading; try again.")
