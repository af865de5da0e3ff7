"""A run of a team is killed in the middle, and gone on with: nobody is asked twice.

The models note in a file that they were asked, which real ones do on their bill.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import anyio

from toolyard import Agent, ChatRequest, Layers, Reply, Workflow, journal_at

RUN = "monday"


class Noted:
    """A model that answers for `name`, and waits to be killed if it is to `stall`."""

    def __init__(self, name: str, folder: Path, *, stalls: bool) -> None:
        self._name = name
        self._asked = folder / "asked.txt"
        self._stalls = stalls

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        if self._stalls:
            print("stalls", flush=True)
            await anyio.sleep(60)
        async with await anyio.open_file(self._asked, "a") as asked:
            await asked.write(f"{self._name} ")
        heard = len(request.messages[-1].text)
        return Reply.of(f"{self._name} read {heard} letters.")


def team(folder: Path, *, stalls: bool) -> Workflow:
    """Three who read, at the same time, and one who sums up."""
    readers = [Agent(name, Noted(name, folder, stalls=False)) for name in ("Ann", "Bob", "Cleo")]
    editor = Agent("Editor", Noted("Editor", folder, stalls=stalls))
    return Layers([readers, [editor]])


async def begin(folder: Path) -> None:
    await team(folder, stalls=True).run(
        "Read the report.", durable=f"sqlite:{folder}/runs.db", run_id=RUN
    )


async def go_on(folder: Path) -> None:
    place = f"sqlite:{folder}/runs.db"
    print("asked before the kill:", sorted((folder / "asked.txt").read_text().split()))
    result = await team(folder, stalls=False).resume(RUN, durable=place)
    print("asked in all:", sorted((folder / "asked.txt").read_text().split()))
    print(result.status, "-", result.text)
    async with journal_at(place) as journal:
        flagged = [each for each in await journal.steps(RUN) if each.is_flagged]
    print("in flight at the kill, and asked once more:", [each.path[-1] for each in flagged])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, folder]
        first = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - itself
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()  # as `kill -9` does: nothing can be tidied up
        first.communicate()
        anyio.run(go_on, Path(folder))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run(begin, Path(sys.argv[1]))
    else:
        main()
