"""Events in a file, each a line of JSON, and read from there again."""

from __future__ import annotations

import errno
import json
import logging
import os
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from inspect import isclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from toolyard.core.context import Event
from toolyard.core.errors import ConfigError, StoreFull, StoreUnavailable, StoreUnusable
from toolyard.events import agent_events, orchestration_events, types
from toolyard.events.json_safe import json_safe

logger = logging.getLogger("toolyard.events")

NAME, TIME, AT = "event", "time", "at"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_NUMBERS = frozenset({"inf", "-inf", "nan"})
KINDS = {
    name: each
    for module in (types, agent_events, orchestration_events)
    for name, each in vars(module).items()
    if isclass(each) and issubclass(each, Event)
}
"""The typed events by their names."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it was written."""

    time: datetime
    """When it happened, or was written if it does not say that itself; in UTC."""
    event: Event


class JsonLines:
    """Adds each event to the end of a file, which only its owner can read.

    An event handler. A line holds `event`, its name; `time`, in UTC; and its fields. What models
    and tools say is in there. Several may write to one file. It closes with its block, with
    `close`, or when nobody has it any more.
    """

    def __init__(self, path: str | Path) -> None:
        """Open the file at `path`, and make it and its folders if they are not there.

        Raises:
            ConfigError: It cannot be written; the text says why.
        """
        path = Path(path)
        self._name = path.name
        self._turn = Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{self._name} cannot be written: {error.strerror}.") from error
        self._closing = weakref.finalize(self, os.close, self._file)
        # The end of the process closes it: before that, somebody may still deliver events.
        self._closing.atexit = False
        self._is_whole = _ends_a_line(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; again, nothing happens."""
        with self._turn:
            self._closing()

    def __call__(self, event: Event) -> None:
        """Write `event`; it is with the operating system when this returns.

        Raises:
            StoreFull: There is no room.
            StoreUnavailable: It was closed.
            StoreUnusable: The file cannot be written any more.
        """
        line = event_line(event, _time_of(event)).encode()
        with self._turn:
            if not self._closing.alive:
                raise StoreUnavailable(f"{self._name} was closed: it takes no more events.")
            try:
                self._write(line)
            except OSError as error:
                kind = StoreFull if error.errno in _FULL else StoreUnusable
                text = f"{self._name} cannot be written: {error.strerror}."
                raise kind(text) from error

    def _write(self, line: bytes) -> None:
        """Write `line` as a whole, after the end of one that somebody left half written."""
        left = memoryview(line if self._is_whole else b"\n" + line)
        self._is_whole = False
        while left:
            left = left[os.write(self._file, left) :]
        self._is_whole = True


def event_line(event: Event, time: datetime) -> str:
    """`event` as a line of JSON in ASCII, with its end: nothing in it ends it sooner."""
    shown: dict[str, Any] = {
        NAME: type(event).__name__,
        TIME: time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }
    named = (each.name for each in fields(event) if each.name != AT)
    shown |= {name: json_safe(getattr(event, name)) for name in named}
    return json.dumps(shown, allow_nan=False) + "\n"


def events_in(path: str | Path, *kinds: type[Event]) -> Iterator[RecordedEvent]:
    """The events that `JsonLines` wrote to the file at `path`, in order, each read when wanted.

    A line that is no event, such as one half written, is left out; the log says which.

    Args:
        path: The file.
        kinds: Classes of events of your own that may be in there.

    Raises:
        StoreUnusable: The file cannot be read.
    """
    known = {**KINDS, **{each.__name__: each for each in kinds}}
    path = Path(path)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.isspace() and (recorded := _recorded(line, known)):
                    yield recorded
                elif not line.isspace():
                    logger.warning("line %d of %s is no event that is known", number, path.name)
    except OSError as error:
        raise StoreUnusable(f"{path.name} cannot be read: {error.strerror}.") from error


def _recorded(line: bytes, known: dict[str, type[Event]]) -> RecordedEvent | None:
    import msgspec  # whoever only writes does not need it

    try:
        said = json.loads(line)
        kind = known[said.pop(NAME)]
        time = datetime.fromisoformat(said.pop(TIME))
        for each in fields(kind):
            if "float" in str(each.type) and said.get(each.name) in _NO_NUMBERS:
                said[each.name] = float(said[each.name])
        if AT in kind.__dataclass_fields__:
            said[AT] = time.timestamp()
        return RecordedEvent(time, msgspec.convert(said, kind))
    except Exception:  # a file may hold anything, and a process that was killed half a line
        return None


def _time_of(event: Event) -> datetime:
    at: float | None = getattr(event, AT, None)
    return datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)


def _ends_a_line(file: int) -> bool:
    """Whether what is in there ends as it should; a pipe has no end to look at."""
    try:
        size = os.fstat(file).st_size
        return not size or os.pread(file, 1, size - 1) == b"\n"
    except OSError:
        return True
