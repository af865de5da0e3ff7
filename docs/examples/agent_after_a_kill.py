"""An agent is killed in the middle of its work, and another one goes on from its thoughts."""

import subprocess
import sys
import tempfile
from pathlib import Path

import anyio

from toolyard import Agent, ScriptedModel, ThoughtChain, Toolbox, ToolUse, thought_tools


async def count_wagons(path: Path) -> None:
    """The first agent: it writes down what it finds, until it is killed."""
    model = ScriptedModel(
        ToolUse("1", "commit_thought", {"kind": "finding", "text": "Track 1 has 12 wagons."}),
        ToolUse("2", "commit_thought", {"kind": "finding", "text": "Track 2 has 7 wagons."}),
        ToolUse("3", "wait", {}),
    )
    async with ThoughtChain(path) as chain, Agent("Mai", model, thoughts=chain) as agent:
        waiting = Toolbox()

        @waiting.tool
        async def wait() -> None:
            """Wait for the yard to be quiet."""
            print("waiting", flush=True)
            await anyio.sleep(60)

        await agent.add_protocol("thoughts", thought_tools(agent))
        await agent.add_protocol("waiting", waiting)
        await agent.send("Count the wagons on tracks 1, 2 and 3.")


async def go_on(path: Path) -> None:
    """The second agent, which knows what the first one had found out."""
    model = ScriptedModel("Track 3 is empty, so there are 19 wagons.")
    async with ThoughtChain(path) as chain, Agent("Mai", model, thoughts=chain) as agent:
        await agent.catch_up(2)
        print((await agent.send("Go on: count the wagons.")).text)
        print(model.requests[0].messages[1].text)
        print((await chain.verify()).bad or "The chain is whole.")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "thoughts.jsonl"
        command = [sys.executable, __file__, path]
        first = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - itself
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()  # as `kill -9` does: nothing can be tidied up
        first.communicate()
        anyio.run(go_on, path)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run(count_wagons, Path(sys.argv[1]))
    else:
        main()
