"""Which documents somebody watches, however many do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator


class Watched:
    """The URIs that are watched, the longest watched first; the way to implement `WatchProtocol`.

    Args:
        on_first: Called when a document is watched that was not before.
        on_last: Called when nobody watches it any more.
    """

    def __init__(self, on_first: Callable[[str], None], on_last: Callable[[str], None]) -> None:
        self._on_first = on_first
        self._on_last = on_last
        self._watchers: Counter[str] = Counter()

    def __contains__(self, uri: str) -> bool:
        return uri in self._watchers

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._watchers))

    def watch(self, uri: str) -> Callable[[], None]:
        """Add a watcher; the returned function removes it, called once or more often."""
        self._watchers[uri] += 1
        if self._watchers[uri] == 1:
            self._on_first(uri)
        is_watching = True

        def unwatch() -> None:
            nonlocal is_watching
            if is_watching:
                is_watching = False
                self._leave(uri)

        return unwatch

    def _leave(self, uri: str) -> None:
        self._watchers[uri] -= 1
        if not self._watchers[uri]:
            del self._watchers[uri]
            self._on_last(uri)
