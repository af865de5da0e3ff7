"""A change is told once, and none is lost in a crowd of others."""

import anyio
import pytest
from tests.servers.harness import builder, client_of

from toolyard.core.protocol import Change
from toolyard.core.toolbox import Toolbox
from toolyard.servers.changes import MOST_DOCUMENTS, Changes


async def test_changes_are_given_once_and_in_order() -> None:
    changes = Changes()
    for change in (Change("tools"), Change("resource", "a://b"), Change("tools")):
        changes.add(change)

    assert await changes.take() == (Change("tools"), Change("resource", "a://b"))
    with anyio.move_on_after(0.05) as waiting:
        await changes.take()
    assert waiting.cancelled_caught
    changes.add(Change("prompts"))
    assert await changes.take() == (Change("prompts"),)


async def test_documents_without_end_push_no_list_out(caplog: pytest.LogCaptureFixture) -> None:
    changes = Changes()
    for number in range(MOST_DOCUMENTS + 5):
        changes.add(Change("resource", f"a://{number}"))
    changes.add(Change("tools"))

    taken = await changes.take()
    assert len(taken) == MOST_DOCUMENTS + 1
    assert taken[-1] == Change("tools")
    assert caplog.text.count("too many documents") == 1


@pytest.mark.parametrize("era", ["2026-07-28", "legacy"])
async def test_a_new_tool_is_heard_of_behind_a_crowd_of_changed_documents(era: str) -> None:
    tools, heard = Toolbox(), anyio.Event()

    @tools.tool
    async def stir() -> str:
        """Change a great many documents, and then the tools."""
        for number in range(3_000):
            tools.changed(f"notes://{number}")
        tools.add(stir, name="stirred")
        return "done"

    async def hear(message: object) -> None:
        if "ToolListChanged" in type(message).__name__:
            heard.set()

    async with (
        builder(tools).build() as server,
        client_of(server, era, message_handler=hear) as client,
    ):
        if era == "legacy":
            await client.call_tool("stir", {})
            with anyio.fail_after(5):
                await heard.wait()
        else:
            with anyio.fail_after(5):
                async with client.listen(tools_list_changed=True):
                    await client.call_tool("stir", {})
                    await heard.wait()
