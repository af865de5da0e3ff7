"""Which documents are watched, passed on to the libraries that must be asked to tell of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from toolyard.core.protocol import LibraryProtocol, WatchProtocol
from toolyard.core.watching import Watched


class Demand:
    """Watches in every library what is watched here: nobody knows which one has the document."""

    def __init__(self) -> None:
        self.watched = Watched(self._pass_on, self._end)
        self._asked: Sequence[_Asked] = ()

    def turn_to(self, libraries: Sequence[LibraryProtocol]) -> None:
        """Watch in these, and in no others any more."""
        known = {id(each.library): each for each in self._asked}
        able = [each for each in libraries if isinstance(each, WatchProtocol)]
        self._asked = [known.pop(id(each), None) or _Asked(each) for each in able]
        for left in known.values():
            left.end()
        for asked in self._asked:
            for uri in self.watched:
                asked.watch(uri)

    def _pass_on(self, uri: str) -> None:
        for asked in self._asked:
            asked.watch(uri)

    def _end(self, uri: str) -> None:
        for asked in self._asked:
            asked.unwatch(uri)


@dataclass(slots=True, eq=False)
class _Asked:
    """A library, and what is watched in it."""

    library: WatchProtocol
    _watched: dict[str, Callable[[], None]] = field(default_factory=dict[str, Callable[[], None]])

    def watch(self, uri: str) -> None:
        if uri not in self._watched:
            self._watched[uri] = self.library.watch(uri)

    def unwatch(self, uri: str) -> None:
        self._watched.pop(uri)()

    def end(self) -> None:
        for uri in tuple(self._watched):
            self.unwatch(uri)
