"""What an examination of a server says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and how it was found.

    A `failure` breaks a rule of the protocol or leaves the server open; a `warning` works, but
    not with every host, or not well.
    """

    verdict: Verdict
    check: str
    """A short word that stays the same, for programs."""
    text: str
    """A sentence for whoever runs the server: what was found and, if not ok, what to do."""
    tool: str | None = None
    """The tool it is about, if it is about one."""

    def written(self) -> Mapping[str, str]:
        """The finding as JSON."""
        about = {} if self.tool is None else {"tool": self.tool}
        return {"verdict": self.verdict, "check": self.check, "text": self.text, **about}


OnFinding = Callable[[Finding], None]


def ok(check: str, text: str) -> Finding:
    """Something is as it should be."""
    return Finding("ok", check, text)


def warning(check: str, text: str, tool: str | None = None) -> Finding:
    """Something works, but not everywhere or not well."""
    return Finding("warning", check, text, tool)


def failure(check: str, text: str, tool: str | None = None) -> Finding:
    """Something is wrong."""
    return Finding("failure", check, text, tool)


def shown(text: str, most: int = 80) -> str:
    """What a server wrote, quoted, cut to `most` characters, safe for a terminal."""
    return repr(text if len(text) <= most else f"{text[:most]}...")


def listed(names: list[str], most: int = 5) -> str:
    """Names in one phrase: `'a', 'b' and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown(name, 40) for name in names[:most]) + more
