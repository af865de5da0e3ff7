"""A chat, without a terminal."""

from pathlib import Path

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from toolyard.config.origin import Origin
from toolyard.core.tool import Tool
from toolyard.llm.message import ToolUse
from toolyard.wiring.asking import Asking
from toolyard.wiring.chatting import ChatPlan, ChatYard, News, Spoken, opened_chat
from toolyard.wiring.permission import AskForPermission, Permission

PLAN = ChatPlan(
    asking=Asking(model="echo"), session_id="default", is_new=False, thoughts=None, asks_first=False
)


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def test_edits_of_the_settings_take_force_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "yard.toml"
    file.write_text('[tools.sums]\nkind = "calculator"\n')
    origin = Origin(file)
    tools, heard = ChatYard((origin, origin.read())), list[News]()
    async with opened_chat(PLAN, tools, heard.append) as chat:
        assert [each.name for each in await chat.tools()] == ["calculator"]
        file.write_text('[tools.notes]\nkind = "memory"\n')
        with anyio.fail_after(10):
            while [each.mount for each in await chat.tools()] != ["notes"]:  # noqa: ASYNC110
                await anyio.sleep(0.05)
        await chat.turn("Still here")
    assert heard == [Spoken("Still"), Spoken(" here")]
    async with opened_chat(PLAN, ChatYard(None), heard.append) as again:
        assert again.said == ["Still here"]
        assert await again.tools() == []


async def test_a_permission_that_nobody_waits_for_any_more_is_closed() -> None:
    asked = list[Permission]()
    ask = AskForPermission(asked.append)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, ToolUse("u-1", "add", {"a": 1}), Tool("add", "Add.", {}))
        await wait_all_tasks_blocked()
        assert asked[0].is_open
        tasks.cancel_scope.cancel()
    assert not asked[0].is_open
