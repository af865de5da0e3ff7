"""A team builds a game through files and commands served over MCP, and it can be played."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import pytest
from docs.examples.team_builds_a_game import BUILDERS, FILES, answer, build, workshop
from playwright.async_api import Page
from tests.support.browser import browsing
from tests.support.missing import missing
from tests.support.teams import Ear

from toolyard.agents.agent import Agent
from toolyard.clients.mcp_client import MCPClient
from toolyard.core.errors import NotAdmitted
from toolyard.events.agent_events import ToolExecutionCompleted
from toolyard.events.orchestration_events import TaskFailed
from toolyard.llm.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio

TOKEN = "workshop-5ecret-q7"
STEP_MS = 120
WAYS = {"ArrowUp": (0, -1), "ArrowDown": (0, 1), "ArrowLeft": (-1, 0), "ArrowRight": (1, 0)}
LOOK = """
() => {
  const pen = document.getElementById("board").getContext("2d");
  const pixels = pen.getImageData(0, 0, 400, 400).data;
  const found = {};
  for (let at = 0; at < 400; at++) {
    const [x, y] = [at % 20, Math.floor(at / 20)];
    const first = 4 * ((20 * y + 10) * 400 + 20 * x + 10);
    const colour = pixels.slice(first, first + 3).join();
    (found[colour] ??= []).push([x, y]);
  }
  return found;
}
"""
HEAD, BODY, FOOD = "126,231,135", "46,160,67", "255,123,114"


@pytest.fixture
def folder() -> Generator[Path]:
    """One that the account which commands have can reach, unlike pytest's own."""
    if shutil.which("node") is None:
        missing("Node.js", "Install it with your system's packages.")
    with tempfile.TemporaryDirectory(prefix="toolyard-test-") as made:
        yield Path(made)


@pytest.mark.parametrize("kind", ["ralph", "agent-team"])
async def test_a_team_builds_a_game_and_mends_what_its_check_finds(kind: str, folder: Path) -> None:
    ear = Ear()
    models = {name: ScriptedModel(*[answer] * 30) for name in BUILDERS}

    async with workshop(folder, token=TOKEN) as url:
        result = await build(kind, models, ear.bus, url=url, token=TOKEN)

    assert (result.status, result.ended, result.score) == ("complete", "all_done", 1.0)
    assert set(result.output) == {*FILES}
    (failed,) = ear.of(TaskFailed)
    assert (failed.task_id, "A snake that ate did not grow." in failed.error) == ("rules", True)
    requests = [each for model in models.values() for each in model.requests]
    assert any(failed.error.splitlines()[1] in each.messages[-1].text for each in requests)
    ran = ear.of(ToolExecutionCompleted)
    assert {each.tool_name for each in ran} == {"write_file", "read_file", "edit_file", "bash"}
    assert all(each.success for each in ran)
    assert {*os.listdir(folder)} == {*FILES.values()}
    await play(folder / "index.html")


async def test_nobody_gets_in_with_another_token(folder: Path) -> None:
    async with workshop(folder, token=TOKEN) as url:
        for token in ("wrong", None):
            with pytest.raises(NotAdmitted):
                async with MCPClient(url, token=token):
                    pass
            with pytest.raises(NotAdmitted):
                async with Agent("Eve", "echo", tools=[MCPClient(url, token=token)]):
                    pass

    assert os.listdir(folder) == []


class Board(NamedTuple):
    """What is drawn, as a player sees it; each cell is a column and a row."""

    head: tuple[int, int]
    body: frozenset[tuple[int, int]]
    food: tuple[int, int]


async def board(page: Page) -> Board:
    seen: dict[str, list[list[int]]] = await page.evaluate(LOOK)
    ((x, y),), ((food_x, food_y),) = seen[HEAD], seen[FOOD]
    body = frozenset((part_x, part_y) for part_x, part_y in seen[BODY])
    return Board((x, y), body, (food_x, food_y))


def towards_food(seen: Board, way: str) -> str:
    """The key of a way that is free and leads nearer, or at least aside."""

    def ahead(key: str) -> tuple[int, int]:
        return seen.head[0] + WAYS[key][0], seen.head[1] + WAYS[key][1]

    def distance(key: str) -> tuple[int, bool]:
        x, y = ahead(key)
        return abs(x - seen.food[0]) + abs(y - seen.food[1]), key == way

    free = [
        each for each in WAYS if ahead(each) not in seen.body and set(ahead(each)) <= {*range(20)}
    ]
    return min(free, key=distance)


async def play(path: Path) -> None:
    """Open the game, steer it by its keys to some food, and then into a wall."""
    async with browsing() as (page, wrong):
        await page.clock.install(time=0)
        await page.clock.pause_at(1_000)  # so that each step of the game is one of the test
        await page.goto(path.as_uri())
        begun = await board(page)
        assert (begun.head, len(begun.body), begun.food) == ((9, 10), 2, (13, 10))

        way = "ArrowUp"
        await page.keyboard.press(way)
        await page.clock.run_for(STEP_MS)
        seen = await board(page)
        assert seen.head == (9, 9)
        assert await page.text_content("#score") == "0"

        for _ in range(200):
            way = towards_food(seen, way)
            await page.keyboard.press(way)
            await page.clock.run_for(STEP_MS)
            seen = await board(page)
            if len(seen.body) == 4:
                break
        assert await page.text_content("#score") == "2"

        await page.clock.run_for(25 * STEP_MS)
        assert await page.text_content("#message") == "Game over: press Space"
        await page.keyboard.press("Space")
        assert (await board(page), await page.text_content("#score")) == (begun, "0")
    assert wrong == []
