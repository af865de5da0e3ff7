"""Where settings came from, so that they can be read again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolyard.config.approvals import is_approved
from toolyard.config.loading import written_in
from toolyard.config.places import line_of
from toolyard.config.reading import text_of
from toolyard.config.settings import Settings
from toolyard.core.errors import ConfigError

if TYPE_CHECKING:
    from toolyard.config.imports import HostFile

NAME = "toolyard.toml"

Signature = tuple[int, ...] | None
"""Changes when a file does; `None` if it is not there."""


def _here() -> str:
    """The working directory; empty if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


@dataclass(frozen=True)
class Edition:
    """What settings were at one time."""

    written: Settings
    """Without the servers of hosts' files."""
    file_name: str
    text: str
    """What the settings file held; empty if there is none."""
    files: Sequence[HostFile]
    """The hosts' files."""
    signatures: Mapping[Path, Signature]
    """Of every file that was read, taken before it was."""

    @cached_property
    def settings(self) -> Settings:
        """All of it; `ConfigError` if a variable that a server refers to is not set."""
        if not self.files:
            return self.written
        from toolyard.config.imports import with_servers

        return with_servers(self.written, self.files)

    @property
    def theirs(self) -> Sequence[HostFile]:
        """The hosts' files that the settings file names; others the user named."""
        import tomllib  # here, as many servers have no file

        return self.files if "mcp_servers" in tomllib.loads(self.text) else ()

    @property
    def whole(self) -> str:
        """All that is approved when the settings file is."""
        return "\0".join([self.text, *(file.text() for file in self.theirs)])

    def place(self, table: str) -> str:
        """A phrase that names `[tools.TABLE]` and where it stands."""
        line = line_of(self.text, ("tools", table))
        return f"[tools.{table}] in {self.file_name}, line {line}" if line else f"{table!r}"


@dataclass(frozen=True, slots=True)
class Origin:
    """A settings file, if there is one, and the arguments that win over it.

    Args:
        file: As it was named.
        arguments: As in `load`.
        must_be_approved: The file was found, not named: it counts only as the user approved it.
    """

    file: Path | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    must_be_approved: bool = False
    folder: str = field(default_factory=_here)
    """Where it was made: names of files count from there."""

    def read(self, seen: dict[Path, Signature] | None = None) -> Edition:
        """The settings as they are now; reads the disk.

        Args:
            seen: Gets the signature of each file before it is read, also if it cannot be used.

        Raises:
            ConfigError: They cannot be used; the text has their place.
        """
        text, name, seen = "", NAME, {} if seen is None else seen
        if self.file is not None:
            seen[self.file] = signature_of(self.file)
            text, name = text_of(self.file), self.file.name
        written = written_in(text, name, self.arguments)
        if not written.mcp_servers:
            return Edition(written, name, text, (), seen)
        from toolyard.config.imports import host_files, path_of  # few servers have such files

        for path in map(path_of, written.mcp_servers):
            seen[path] = signature_of(path)
        return Edition(written, name, text, host_files(written.mcp_servers), seen)

    def read_again(self, seen: dict[Path, Signature] | None = None) -> Edition:
        """As `read`, when nobody is there to approve what has changed.

        Raises:
            ConfigError: They cannot be used, or are not approved, or names of files in them, and
                their own, would count from elsewhere: they would not be those the user meant.
        """
        if _here() != self.folder:
            raise ConfigError(
                "A tool has changed the server's working directory, from which names of files in "
                "the settings count: start the server again."
            )
        edition = self.read(seen)
        if not self.approves(edition):
            raise ConfigError(
                f"{edition.file_name} is not as you approved it: start the server again to see it."
            )
        return edition

    def approves(self, edition: Edition) -> bool:
        """Whether the user asked for what `edition` says."""
        if self.file is None or not self.must_be_approved:
            return True
        return is_approved(self.file, edition.whole)


def signature_of(file: Path) -> Signature:
    """The signature of `file` now; links are followed."""
    try:
        stat = os.stat(file)
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino
