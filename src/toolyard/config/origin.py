"""Where settings came from, so that they can be read again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolyard.config.approvals import is_approved
from toolyard.config.loading import settings_in, text_of
from toolyard.config.places import line_of
from toolyard.config.settings import Settings
from toolyard.core.errors import ConfigError

Signature = tuple[int, ...] | None
"""Changes when a file does; `None` if it is not there."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What settings were at one time."""

    settings: Settings
    file_name: str = ""
    text: str = ""
    """What the file held; empty if there is none."""
    signature: Signature = None
    """Of the file, taken before it was read."""

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

    def read(self) -> Edition:
        """The settings as they are now; reads the disk.

        Raises:
            ConfigError: They cannot be used; the text has their place.
        """
        if self.file is None:
            return Edition(settings_in("", arguments=self.arguments))
        signature, text = signature_of(self.file), text_of(self.file)
        name = self.file.name
        return Edition(settings_in(text, name, self.arguments), name, text, signature)

    def read_again(self) -> Edition:
        """As `read`, when nobody is there to approve what has changed.

        Raises:
            ConfigError: They cannot be used, or are not approved.
        """
        edition = self.read()
        if not self.approves(edition):
            raise ConfigError(
                f"{edition.file_name} is not as you approved it: start the server again to see it."
            )
        return edition

    def approves(self, edition: Edition) -> bool:
        """Whether the user asked for what `edition` says."""
        if self.file is None or not self.must_be_approved:
            return True
        return is_approved(self.file, edition.text)


def signature_of(file: Path) -> Signature:
    """The signature of `file` now; links are followed."""
    try:
        stat = os.stat(file)
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino
