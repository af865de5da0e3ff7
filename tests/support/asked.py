"""A toolbox that must be asked to tell of its documents, and notes what it is asked for."""

from collections.abc import Callable

from toolyard.core.library import Library
from toolyard.core.protocol import Listeners
from toolyard.core.threads import Threads
from toolyard.core.toolbox import Toolbox
from toolyard.core.watching import Watched


class AskedLibrary(Library):
    """Notes which documents are watched, and which no longer are."""

    def __init__(self, listeners: Listeners) -> None:
        super().__init__(Threads(1), listeners)
        self.left: list[str] = []
        self.watched = Watched(lambda uri: None, self.left.append)

    def watch(self, uri: str) -> Callable[[], None]:
        return self.watched.watch(uri)


class AskedToolbox(Toolbox):
    """Its library is an `AskedLibrary`."""

    def __init__(self) -> None:
        super().__init__()
        self.library = self.asked = AskedLibrary(self._listeners)
