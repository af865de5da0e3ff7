"""Which sources have their large results cut, and the tool that reads the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from toolyard.config.settings import ResultSettings, ToolSettings
from toolyard.core.protocol import ToolProtocol
from toolyard.registry.policies.shelf import KeptResult, ResultShelf

if TYPE_CHECKING:
    from toolyard.registry.policies.result_reader import ResultReader
    from toolyard.servers.workers.team import Team

KEPT = "kept"
"""The question for a result that a worker may keep."""
LARGE = frozenset({"bash", "filesystem", "http", "openapi"})
"""The kinds whose results are cut unless `cut_results` says otherwise."""


class Results:
    """Cuts large results of the sources that are given to it; `reader` reads what was cut.

    Other workers of a `team` keep theirs, and are asked for them.
    """

    MOUNT: ClassVar = "results"
    """The mount of the reader."""

    def __init__(self, settings: ResultSettings, team: Team | None = None) -> None:
        self._settings = settings
        self._shelf = shelf = ResultShelf(keep_s=settings.keep_s)
        self._team = team
        if team is not None:
            team.answers[KEPT] = lambda asked: shelf.find(*asked)
        self.reader: ResultReader | None = None
        """To be served beside the sources; `None` while none of them is cut."""

    def cuts(self, settings: ToolSettings) -> bool:
        """Whether the large results of what a table describes are cut."""
        wanted = settings.cut_results
        return settings.kind in LARGE if wanted is None else wanted

    def cut(self, source: ToolProtocol, settings: ToolSettings) -> ToolProtocol:
        """`source`, wrapped if its large results are to be cut."""
        if not self.cuts(settings):
            return source
        from toolyard.registry.policies.large_results import LargeResults  # for such sources only
        from toolyard.registry.policies.result_reader import ResultReader

        most = self._settings.max_bytes
        if self.reader is None:
            elsewhere = None if self._team is None else self._elsewhere
            self.reader = ResultReader(self._shelf, most_bytes=most, elsewhere=elsewhere)
        return LargeResults(source, self._shelf, most_bytes=most)

    async def _elsewhere(self, handle: str, owner: str) -> KeptResult | None:
        said = [] if self._team is None else await self._team.ask(KEPT, (handle, owner))
        return next((kept for kept in said if kept is not None), None)
