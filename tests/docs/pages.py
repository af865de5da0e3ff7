"""The pages that users read, and the blocks of text in them."""

import re
from dataclasses import dataclass

from tests.support.process import ROOT

BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """One document, by its path from the root."""

    path: str

    @property
    def text(self) -> str:
        """All of it."""
        return (ROOT / self.path).read_text()

    def blocks(self, language: str = "") -> list[str]:
        """The blocks in `language`; those without one are commands."""
        return [text for written, text in BLOCK.findall(self.text) if written == language]

    @property
    def commands(self) -> list[str]:
        """Every line to be typed, in order."""
        return [line for block in self.blocks() for line in block.splitlines() if line]

    def command(self, start: str) -> str:
        """The one command that begins with `start`."""
        (found,) = (line for line in self.commands if line.startswith(start))
        return found

    @property
    def links(self) -> list[str]:
        """The files of ours that it points to, as it writes them."""
        return re.findall(r"\]\(([^):#]+)\)", self.text)


README = Page("README.md")
DOCUMENTS = Page("docs/README.md")
OPERATING = Page("docs/operating.md")
GATEWAY = Page("docs/gateway.md")
MODELS = Page("docs/models.md")
AGENTS = Page("docs/agents.md")
ORCHESTRATION = Page("docs/orchestration.md")
PERFORMANCE = Page("docs/performance.md")
PROMPTS = Page("docs/prompts.md")
DEPLOY = Page("deploy/README.md")
CONTRIBUTING = Page("CONTRIBUTING.md")
SECURITY = Page("SECURITY.md")
CHANGELOG = Page("CHANGELOG.md")
PAGES = (
    README,
    DOCUMENTS,
    OPERATING,
    GATEWAY,
    MODELS,
    AGENTS,
    ORCHESTRATION,
    PERFORMANCE,
    PROMPTS,
    DEPLOY,
    CONTRIBUTING,
    SECURITY,
    CHANGELOG,
)
