"""How much may be below the root."""

from __future__ import annotations

import stat
from dataclasses import dataclass

from toolyard.builtin_tools.filesystem.root import Root
from toolyard.builtin_tools.filesystem.tree import everything
from toolyard.core.errors import ToolError


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits for the whole tree; `None` for no limit.

    What is there is counted anew before each write, under the lock for writing. So it holds over
    restarts and for several processes, and includes what others put there; a write costs a walk
    through the tree.
    """

    max_bytes: int | None
    """The sizes of all files together."""
    max_files: int | None
    """Files and directories, not the root."""

    def refuse(self, root: Root, grown_bytes: int, new_files: int) -> None:
        """Raise `ToolError` if there is no room for so much more; shrinking is always allowed."""
        needs_bytes = self.max_bytes is not None and grown_bytes > 0
        needs_files = self.max_files is not None and new_files > 0
        if not (needs_bytes or needs_files):
            return
        used, files = _used(root)
        if needs_bytes and used + grown_bytes > (self.max_bytes or 0):
            raise ToolError(
                f"This would use {used + grown_bytes} bytes of the {self.max_bytes} that all files "
                "together may have: delete something or write less."
            )
        if needs_files and files + new_files > (self.max_files or 0):
            raise ToolError(
                f"There may be {self.max_files} files and directories, and {files} are there: "
                "delete something or use a file that is there."
            )


def _used(root: Root) -> tuple[int, int]:
    used = files = 0
    for _, status in everything(root):
        files += 1
        used += 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return used, files
