"""An examination under way: runs checks, each with its time, and keeps what they find."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
import httpx2

from toolyard.clients.doctor.finding import Finding, OnFinding, failure, warning
from toolyard.core.errors import NotAdmitted, ToolyardError

Found = Finding | Sequence[Finding] | None


class CannotTell(Exception):
    """A check came to nothing; the text says why."""


class Broken(Exception):
    """A check ended early with a failure; the text says which."""


class Examination:
    """Collects findings and tells of each at once.

    Args:
        timeout_s: Seconds that each check may take.
        on_finding: Called with each finding as it is made.
    """

    def __init__(self, timeout_s: float, on_finding: OnFinding | None) -> None:
        self.timeout_s = timeout_s
        self._on_finding = on_finding
        self._found: list[Finding] = []

    @property
    def findings(self) -> Sequence[Finding]:
        """Everything found so far, in the order it was found."""
        return tuple(self._found)

    def note(self, found: Found) -> None:
        """Keep what a check found."""
        for finding in _each(found):
            self._found.append(finding)
            if self._on_finding is not None:
                self._on_finding(finding)

    async def run(self, check: str, work: Callable[[], Awaitable[Found]]) -> None:
        """Do `work` and keep what it finds; trouble on its way becomes a finding.

        Raises:
            NotAdmitted: The server no longer lets us in.
        """
        self.note(await self.outcome(check, work))

    async def outcome(
        self, check: str, work: Callable[[], Awaitable[Found]]
    ) -> tuple[Finding, ...]:
        """What `work` finds, or what kept it from finding anything."""
        try:
            with anyio.fail_after(self.timeout_s):
                return _each(await work())
        except TimeoutError:
            return (failure(check, f"No answer came within {self.timeout_s:g} s."),)
        except CannotTell as trouble:
            return (warning(check, str(trouble)),)
        except Broken as trouble:
            return (failure(check, str(trouble)),)
        except httpx2.HTTPError as error:
            return (failure(check, f"The connection broke: {type(error).__name__}."),)
        except NotAdmitted:
            raise
        except ToolyardError as error:
            return (failure(check, str(error)),)


def _each(found: Found) -> tuple[Finding, ...]:
    if found is None:
        return ()
    return (found,) if isinstance(found, Finding) else tuple(found)
