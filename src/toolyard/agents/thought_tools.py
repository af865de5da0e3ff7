"""Tools by which a model writes down what it thought, and finds it again."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.agents.agent import Agent
from toolyard.core.errors import StoreError, ToolError
from toolyard.core.toolbox import Toolbox
from toolyard.thoughts.thought import ThoughtKind

MOST_FOUND = 50


def thought_tools(agent: Agent) -> Toolbox:
    """A source for `agent`, which has a chain of thoughts: `commit_thought`, `find_thoughts`."""
    toolbox = Toolbox()

    async def commit_thought(kind: ThoughtKind, text: str, refs: Sequence[int] = ()) -> str:
        """Write down a thought for good: a finding, a decision, a finished task.

        Args:
            kind: What it is for.
            text: The thought, understandable without anything else.
            refs: Numbers of earlier thoughts that it builds on.
        """
        try:
            thought = await agent.commit(kind, text, refs=refs)
        except StoreError as error:
            raise ToolError(str(error)) from error
        return f"It is thought #{thought.index}."

    async def find_thoughts(
        text: str | None = None, kind: ThoughtKind | None = None, last: int = 20
    ) -> str:
        """Find thoughts that were written down earlier, the newest last.

        Args:
            text: A part of them.
            kind: What they are for.
            last: At most so many.
        """
        chain = agent.recipe.thoughts
        if chain is None:
            raise ToolError("There is no chain of thoughts.")
        most = max(1, min(last, MOST_FOUND))
        found = await chain.find(text=text, kind=kind, last=most)
        return "\n".join(thought.line for thought in found) or "There are none."

    toolbox.add(commit_thought)
    toolbox.add(find_thoughts, read_only=True)
    return toolbox
