"""What a context strategy is: asked before every request, it makes room when it is time."""

from __future__ import annotations

from typing import Protocol

from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.llm.session import LLMSession


class ContextStrategy(Protocol):
    """Makes room in a conversation that grows.

    It is asked before every request to the model, in the middle of a run too: the history may
    end with results of tools that the model has not seen yet.
    """

    @property
    def name(self) -> str:
        """What it is called in events."""
        ...

    def is_due(self, session: LLMSession) -> bool:
        """Whether room should be made now."""
        ...

    async def compact(self, session: LLMSession, thoughts: OwnThoughts | None) -> None:
        """Make the history of `session` smaller, so that what it is about can go on.

        The history stays one that every provider takes, and what the user said last stays in it
        word for word. Where it fails, the history is as it was.

        Args:
            session: No request of it is under way.
            thoughts: Where the agent writes down its thoughts, if it does.

        Raises:
            BudgetSpent: It has to ask the model, and nothing is left for that.
            StoreError: A thought cannot be written down.
        """
        ...
