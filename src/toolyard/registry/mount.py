"""A source's place in a registry, and the names its tools have there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolyard.core.errors import InvalidTool
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import TOOL_NAME, Tool


@dataclass(slots=True, eq=False)
class Mount:
    """`source` under its name; `tools` and `prompts` map the names shown to the source's own."""

    name: str
    source: ToolProtocol
    prefix: str = ""
    listed: Sequence[Tool] = ()
    """The source's tools as this registry shows them, in the source's order."""
    tools: Mapping[str, str] = field(default_factory=dict[str, str])

    def shown(self, name: str) -> str:
        """How a name of the source reads in the registry."""
        return self.prefix + name

    def take(self, tools: Sequence[Tool]) -> None:
        """Adopt `tools` as what the source offers now.

        Raises:
            InvalidTool: A name is not fit for hosts once the prefix is on it.
        """
        for tool in tools:
            if not TOOL_NAME.fullmatch(self.shown(tool.name)):
                raise InvalidTool(
                    f"The tool {self.shown(tool.name)!r} of {self.name!r} has a name that hosts "
                    "refuse: use 1 to 64 letters, digits, '_' and '-'."
                )
        self.tools = {self.shown(tool.name): tool.name for tool in tools}
        self.listed = tuple(replace(tool, name=self.shown(tool.name)) for tool in tools)


def joined(prefix: str | None) -> str:
    """A prefix as it stands before names: `files` becomes `files_`."""
    if not prefix:
        return ""
    return prefix if prefix[-1] in "_-" else f"{prefix}_"
