"""The MCP SDK, which takes longer to load than all the rest, and half of the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from toolyard.servers.sdk_state import note_loaded
from toolyard.servers.served import Served

if TYPE_CHECKING:
    from toolyard.servers.sdk_side import SdkSide

_loaded: type[SdkSide] | None = None


async def sdk_side(served: Served) -> SdkSide:
    """The SDK's side of a server; loads the SDK, in a thread, if that is yet to be done.

    Raises:
        Exception: Whatever loading raised.
    """
    global _loaded
    if _loaded is None:
        own = anyio.CapacityLimiter(1)  # functions of tools may have taken all other threads
        _loaded = await anyio.to_thread.run_sync(_load, limiter=own)
        note_loaded()
    return _loaded(served)


def _load() -> type[SdkSide]:
    from toolyard.servers.sdk_side import SdkSide

    return SdkSide
