"""Tokens in a file that may change while the server runs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

import anyio
import anyio.to_thread

from toolyard.core.context import Caller
from toolyard.core.errors import ConfigError
from toolyard.security.token_lines import read_tokens
from toolyard.security.tokens import TokenSet

CHECK_S = 0.25
"""How often the file is looked at, while there are requests."""
SETTLE_S = 0.1
"""How long a changed file must be left alone before it is believed: it may be half written."""
IMPATIENT_S = 0.4
"""How long one that keeps changing is waited for; with `CHECK_S`, well under a second."""
READ_TIMEOUT_S = 1.0
MAX_BYTES = 1 << 20

_OPEN_TO_OTHERS = 0o077

_log = logging.getLogger("toolyard.security")


class TokenFile:
    """The tokens of a file, read again when it changes; a change takes less than a second.

    Its lines are those of `token_lines`. A change that cannot be understood keeps the tokens read
    before, and is reported to the logger `toolyard.security` with its line. A file that is gone
    or cannot be read admits nobody until it is back: taking it away is the last way to revoke.
    Replace it in one step (write beside, then rename); if it is written in place, it is believed
    once it has settled.

    Raises:
        ConfigError: At the start, the file is missing, unreadable or malformed.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = Path(path)
        self._clock = clock
        self._reader = anyio.CapacityLimiter(1)
        self._next_check = clock() + CHECK_S
        self._unsettled_since: float | None = None
        try:
            stat, data = _read(self._path)
            self._tokens = _parse(data)
        except OSError:
            raise ConfigError(f"The token file {self._path.name!r} cannot be read.") from None
        except ConfigError as error:
            raise ConfigError(f"The token file {self._path.name!r}: {error}") from None
        self._seen: os.stat_result | None = stat
        self._warn_if_open(stat)

    def recognise(self, digest: str) -> Caller | None:
        """Whose token has that `digest`, unless the file has to be looked at first."""
        if self._clock() >= self._next_check:
            return None
        return self._tokens.recognise(digest)

    async def verify(self, token: str) -> Caller | None:
        """Whose `token` it is, if it may be used now."""
        now = self._clock()
        if now >= self._next_check:
            self._next_check = now + CHECK_S
            await self._follow(now)
        return self._tokens.match(token, time.time())

    async def _follow(self, now: float) -> None:
        try:
            # Asking a local disk takes microseconds, less than handing the question to a thread.
            stat = os.stat(self._path)
            if self._knows(stat) or not self._is_settled(stat, now):
                return
            with anyio.fail_after(READ_TIMEOUT_S):
                # Its own limiter: tools that fill the shared threads must not hold up the gate.
                stat, data = await anyio.to_thread.run_sync(
                    _read, self._path, abandon_on_cancel=True, limiter=self._reader
                )
        except OSError:  # a TimeoutError is one too
            self._lose()
            return
        self._accept(stat, data)

    def _knows(self, stat: os.stat_result) -> bool:
        return self._seen is not None and _signature(stat) == _signature(self._seen)

    def _is_settled(self, stat: os.stat_result, now: float) -> bool:
        if not 0 <= time.time() - stat.st_mtime < SETTLE_S:
            return True
        if self._unsettled_since is None:
            self._unsettled_since = now
        return now - self._unsettled_since >= IMPATIENT_S

    def _accept(self, stat: os.stat_result, data: bytes) -> None:
        self._seen, self._unsettled_since = stat, None
        try:
            self._tokens = _parse(data)
        except ConfigError as error:
            _log.error("The changed token file is not used, the tokens before it are: %s", error)
            return
        _log.info("The token file was read again.")
        self._warn_if_open(stat)

    def _lose(self) -> None:
        if self._seen is not None:
            _log.error("The token file cannot be read any more: none of its tokens is accepted.")
        self._seen, self._unsettled_since = None, None
        self._tokens = TokenSet(())

    def _warn_if_open(self, stat: os.stat_result) -> None:
        if stat.st_mode & _OPEN_TO_OTHERS:
            _log.warning("The token file is open to other users of this machine; make it 0600.")


def _read(path: Path) -> tuple[os.stat_result, bytes]:
    if not S_ISREG(os.stat(path).st_mode):
        raise OSError("not an ordinary file")  # to read from a pipe may never end
    with path.open("rb") as file:
        # Taken before reading: whatever is written meanwhile is seen as the next change.
        return os.fstat(file.fileno()), file.read(MAX_BYTES + 1)


def _signature(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino


def _parse(data: bytes) -> TokenSet:
    if len(data) > MAX_BYTES:
        raise ConfigError(f"It is larger than {MAX_BYTES} bytes.")
    try:
        return read_tokens(data.decode())
    except UnicodeDecodeError:
        raise ConfigError("It is not UTF-8 text.") from None
