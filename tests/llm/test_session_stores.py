"""Conversations that are kept: as JSON, in a store, in files."""

import json
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolyard import Image, Text
from toolyard.core.errors import StoreError
from toolyard.llm.message import Reasoning, ToolUse, ToolUseResult, assistant
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.llm.session import LLMSession
from toolyard.llm.session_json import session_json, session_of
from toolyard.llm.session_stores import FileSessions, SessionStore, StoredSessions
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.sqlite_store import SqliteStore

KEY = "sk-5tarfish-9Qx2-willow-77"


async def conversation() -> LLMSession:
    use = ToolUse("u-1", "add", {"a": [1, None, "ü"]}, signature="sig")
    said = assistant(Reasoning("Hm.", "seal"), Reasoning("", sealed="xyz"), "Sure", use)
    script = ScriptedModel(said, "3")
    settings = ModelSettings(temperature=0.5, stop=("END",), extra={"user": "mai"})
    session = LLMSession(
        script, system_prompt="Be brief 🌊", settings=settings, context_tokens=5_000
    )
    await session.send("Add", Image(b"\x00png"))
    await session.send(ToolUseResult("u-1", "add", (Text("3"), Image(b"\xff")), is_error=True))
    return session


def same(one: LLMSession, other: LLMSession) -> bool:
    names = ("system_prompt", "settings", "context_tokens", "messages", "usage", "cost_usd")
    return all(getattr(one, name) == getattr(other, name) for name in names)


async def test_all_of_it_comes_back() -> None:
    session = await conversation()
    again = session_of(session_json(session), ScriptedModel("Go on"))
    assert same(session, again)
    assert (await again.send("And?")).text == "Go on"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


BAD: list[Any] = [
    "",
    "[]",
    "null",
    "{}",
    '{"format": "toolyard.session/2"}',
    "[" * 100_000,
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_session(text: str) -> None:
    with pytest.raises(StoreError, match="no saved session"):
        session_of(text, ScriptedModel())


async def test_a_session_that_somebody_changed() -> None:
    whole = json.loads(session_json(await conversation()))
    for path, value in [
        (("messages",), 1),
        (("messages", 0, "role"), "system"),
        (("messages", 0, "role"), ["user"]),
        (("messages", 0, "parts", 0, "kind"), "call"),
        (("messages", 0, "parts", 0, "text"), 5),
        (("messages", 0, "parts", 1, "data"), "no base64!"),
        (("messages", 1, "parts", 3, "arguments"), []),
        (("system_prompt",), None),
        (("context_tokens",), "many"),
        (("usage",), {"calls": "many"}),
        (("settings",), {"stop": 1}),
        (("cost_usd",), "much"),
    ]:
        changed = json.loads(json.dumps(whole))
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        with pytest.raises(StoreError, match="no saved session"):
            session_of(json.dumps(changed), ScriptedModel())


@asynccontextmanager
async def store(kind: str, folder: Path) -> AsyncGenerator[SessionStore]:
    if kind == "files":
        yield FileSessions(folder / "sessions")
    else:
        made = MemoryStore() if kind == "memory" else SqliteStore(folder / "sessions.sqlite")
        async with made as entered:
            yield StoredSessions(entered)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "files"])
async def test_a_session_is_kept_and_taken_up_again(kind: str, tmp_path: Path) -> None:
    session, model = await conversation(), ScriptedModel("Go on")
    async with store(kind, tmp_path) as sessions:
        assert await sessions.load("mai/1", model) is None
        await sessions.save("mai/1", session)
        loaded = await sessions.load("mai/1", model)
        assert loaded is not None
        assert same(session, loaded)
        await loaded.send("And?")
        await sessions.save("mai/1", loaded)
        again = await sessions.load("mai/1", model)
        assert again is not None
        assert again.messages[-1].text == "Go on"
        assert await sessions.delete("mai/1")
        assert not await sessions.delete("mai/1")


async def test_the_ids_in_a_store() -> None:
    async with MemoryStore() as entered:
        sessions = StoredSessions(entered)
        await entered.put("other", "1")
        for number in range(150):
            await sessions.save(f"s{number:03}", LLMSession(ScriptedModel()))
        assert [each async for each in sessions.ids()] == [f"s{n:03}" for n in range(150)]


IDS = ["../../etc/passwd", "/etc/passwd", "a\x00b", "..", ".", "CON", "a b", "ü" * 300, "x" * 5000]


@pytest.mark.parametrize("session_id", IDS)
async def test_the_file_of_any_id_is_in_the_folder(session_id: str, tmp_path: Path) -> None:
    sessions, folder = FileSessions(tmp_path / "sessions"), tmp_path / "sessions"
    await sessions.save(session_id, await conversation())
    (name,) = names_in(folder)
    assert len(name) < 130
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert await sessions.load(session_id, ScriptedModel()) is not None
    assert names_in(tmp_path) == ["sessions"]


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_ids_never_share_a_file(one: str, other: str) -> None:
    def path(session_id: str) -> str | None:
        try:
            return str(FileSessions("f").path(session_id)).lower()  # as some systems see names
        except StoreError:
            return None

    assert one == other or path(one) != path(other) or path(one) is None


@pytest.mark.parametrize("session_id", ["", "\ud800"])
def test_what_is_no_id(session_id: str) -> None:
    with pytest.raises(StoreError, match="at least one character"):
        FileSessions("f").path(session_id)


async def test_a_session_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    sessions = FileSessions(tmp_path)
    await sessions.save("a", await conversation())
    before = sessions.path("a").read_text()
    broken = await conversation()
    broken.system_prompt = "half a pair \ud800"
    broken.messages = ()
    await sessions.save("a", broken)  # as an escape, so that it can be read again
    assert sessions.path("a").read_text() != before
    (tmp_path / "b.json").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        await sessions.save("b", broken)
    with pytest.raises(StoreError, match="cannot be read"):
        await sessions.load("b", ScriptedModel())
    assert names_in(tmp_path) == ["a.json", "b.json"]


async def test_whoever_reads_meanwhile_finds_a_whole_one(tmp_path: Path) -> None:
    sessions, session = FileSessions(tmp_path), await conversation()
    await sessions.save("a", session)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(sessions.save, "a", session)
            tasks.start_soon(sessions.load, "a", session.model)


async def test_a_path_is_in_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(StoreError) as raised:
        await FileSessions(tmp_path).load("a", ScriptedModel())
    assert str(tmp_path) not in str(raised.value)
