"""One question to a provider over HTTP: bounded in size and time, asked again if it is busy."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import anyio
import anyio.to_thread
import httpx2
import stamina

from toolyard.builtin_tools.images.dialect import JsonObject
from toolyard.builtin_tools.images.faults import Busy, fault_of
from toolyard.core.errors import ToolError

MOST_BYTES = 64 * 1024 * 1024
"""Of one answer."""
MOST_ERROR_BYTES = 64 * 1024
"""Of an answer that says what went wrong; the rest is not read."""
ATTEMPTS = 4
CONNECT_S = 10.0
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """Where a provider is asked; `timeout_s` is for all attempts and the waits between them."""

    provider: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    api_key: str = field(repr=False)
    timeout_s: float


async def post(line: Line, body: JsonObject) -> JsonObject:
    """The answer to `body`.

    What may have been drawn, and so paid for, is not asked for again: only answers that say
    "not now" are, and connections that never came about.

    Raises:
        ToolError: There is no good answer in time.
    """
    try:
        with anyio.fail_after(line.timeout_s):
            return await _patiently(line, body)
    except TimeoutError:
        raise ToolError(
            f"{line.provider} did not answer within {line.timeout_s:g} s; "
            "try again, or ask for fewer images."
        ) from None


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes longer than a small request."""
    return httpx2.create_ssl_context()


async def _patiently(line: Line, body: JsonObject) -> JsonObject:
    timeout = httpx2.Timeout(None, connect=CONNECT_S)
    try:
        async with httpx2.AsyncClient(timeout=timeout, verify=_trust()) as client:
            attempts = stamina.retry_context(
                on=_again_before(anyio.current_effective_deadline()),
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=_FIRST_WAIT_S,
                wait_max=_LONGEST_WAIT_S,
                wait_jitter=_FIRST_WAIT_S,
            )
            async for attempt in attempts:
                with attempt:
                    return await _once(client, line, body)
    except Busy as busy:
        raise busy.told from None
    raise AssertionError("the last attempt raises")


def _again_before(deadline: float) -> Callable[[Exception], bool | float]:
    """Whether, and after how many seconds, to try again."""

    def again(error: Exception) -> bool | float:
        if not isinstance(error, Busy):
            return False
        if error.wait_s is None:
            return True
        return max(error.wait_s, 0.001) if anyio.current_time() + error.wait_s < deadline else False

    return again


async def _once(client: httpx2.AsyncClient, line: Line, body: JsonObject) -> JsonObject:
    asked = json.dumps(body).encode()  # in ASCII, so that it can always be sent
    headers = {**line.headers, "Content-Type": "application/json"}
    try:
        async with client.stream("POST", line.url, headers=headers, content=asked) as response:
            is_good = response.is_success
            content = await _read(line, response, MOST_BYTES if is_good else MOST_ERROR_BYTES)
            status, retry_after = response.status_code, response.headers.get("retry-after")
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        told = ToolError(f"{line.provider} cannot be reached; try again later.")
        raise Busy(told) from error
    except httpx2.HTTPError as error:
        raise ToolError(f"The connection to {line.provider} broke; try again.") from error
    if not is_good:
        raise fault_of(line.provider, line.api_key, status, content, retry_after)
    return await _object(line, content)


async def _read(line: Line, response: httpx2.Response, most: int) -> bytes:
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > most and not response.is_success:
            break
        if len(content) > most:
            raise ToolError(f"{line.provider} sent more than {most} bytes; ask for fewer images.")
    return bytes(content[:most])


async def _object(line: Line, content: bytes) -> JsonObject:
    try:
        answer: Any = await anyio.to_thread.run_sync(json.loads, content)  # up to 64 MiB
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ToolError(f"{line.provider} answered with something else than JSON; try again.")
    return cast("JsonObject", answer)
