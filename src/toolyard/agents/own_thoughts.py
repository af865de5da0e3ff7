"""What one agent writes down in a chain of thoughts, and takes up again from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toolyard.thoughts.thought import Thought, ThoughtKind
from toolyard.thoughts.thought_chain import ThoughtChain


class OwnThoughts:
    """An agent's side of a chain; whoever made the chain enters and leaves it."""

    def __init__(self, chain: ThoughtChain, agent_id: str, said: Callable[[Thought], None]) -> None:
        """As described.

        Args:
            chain: Entered before something is written down; others may write to it as well.
            agent_id: Whose thoughts they are.
            said: Told each thought that was written down, once it is on the disk.
        """
        self.chain = chain
        self.agent_id = agent_id
        self._said = said

    @property
    def count(self) -> int:
        """How many thoughts there are in the chain, of all agents."""
        return self.chain.head.records

    async def commit(self, kind: ThoughtKind, text: str, refs: Sequence[int] = ()) -> Thought:
        """Write down a thought; raises as `ThoughtChain.append`."""
        thought = await self.chain.append(self.agent_id, kind, text, refs=refs)
        self._said(thought)
        return thought

    async def bootstrap_prompt(self, index: int) -> str:
        """As `ThoughtChain.bootstrap_prompt`."""
        return await self.chain.bootstrap_prompt(index)

    async def catch_up_prompt(self, count: int) -> str:
        """As `ThoughtChain.catch_up_prompt`."""
        return await self.chain.catch_up_prompt(count)
