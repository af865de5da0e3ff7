"""A team builds the game Snake from its requirements, with tools that are served over MCP.

The members write files and run commands through one server, which asks for a token. An item of
`snake/prd.toml` counts only once its check, a command there, has passed. Scripted models play the
team, one of them careless at first, unless a real one is named or the key of one is there:

    python docs/examples/team_builds_a_game.py --team agent-team --into game
    python docs/examples/team_builds_a_game.py --model openai:gpt-5-mini --into game
"""

import os
import re
import sys
import tempfile
import tomllib
from argparse import ArgumentParser
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import anyio

from toolyard import (
    Agent,
    AgentTeam,
    Bash,
    ChatModel,
    ChatRequest,
    CommandCheck,
    ConsoleSink,
    Delivery,
    EventBus,
    FileSystem,
    MCPClient,
    MCPServerBuilder,
    Ralph,
    ScriptedModel,
    ToolProtocol,
    ToolUse,
    ToolyardError,
    WorkflowResult,
    WorkItem,
)

SNAKE = Path(__file__).parent / "snake"
"""What is wanted, and what scripted models write."""
PRD = tomllib.loads((SNAKE / "prd.toml").read_text())
BUILDERS = ("Ann", "Bob", "Cleo")
KEYS = {
    "OPENAI_API_KEY": "openai:gpt-5-mini",
    "ANTHROPIC_API_KEY": "anthropic:claude-haiku-4-5",
    "GEMINI_API_KEY": "gemini:gemini-2.5-flash",
    "XAI_API_KEY": "xai:grok-4",
}
"""Which model is asked, where there is a key."""


@asynccontextmanager
async def workshop(folder: Path, *, token: str) -> AsyncGenerator[str]:
    """Files and commands in `folder`, served to whoever has the token; gives the URL."""
    if os.geteuid() == 0:  # then commands run as an account of their own, which works there
        os.chown(folder, 65_432, 65_432)
    builder = MCPServerBuilder("workshop").with_port(0).with_bearer_token(token)
    builder.with_protocol("files", FileSystem(folder)).with_protocol("bash", Bash(folder))
    async with builder.build() as server:
        yield server.url


def items(tools: ToolProtocol) -> Sequence[WorkItem]:
    """What is to be built, with the commands that check it."""
    return [
        WorkItem(
            each["id"],
            each["title"],
            each["description"],
            tuple(each["acceptance_criteria"]),
            tuple(each.get("depends_on", ())),
            CommandCheck(tools, each["check"]),
        )
        for each in PRD["items"]
    ]


async def build(
    kind: str, models: Mapping[str, ChatModel | str], bus: EventBus, *, url: str, token: str
) -> WorkflowResult[Any]:
    """Have members with these `models` build the game, as a team of `kind`, with tools at `url`."""
    members = [
        Agent(name, model, tools=[MCPClient(url, token=token)], on_event=bus)
        for name, model in models.items()
    ]
    async with MCPClient(url, token=token) as tools, AsyncExitStack() as entered:
        for each in members:
            await entered.enter_async_context(each)
        if kind == "ralph":
            team = Ralph(items(tools), members, name="Snake", on_event=bus)
        else:
            team = AgentTeam("snake", items(tools), members, name="Snake", on_event=bus)
        return await team.run(PRD["task"])


async def main(kind: str, model: str, folder: Path) -> None:
    bus, shown = EventBus(), Delivery(ConsoleSink(sys.stdout))
    bus.add(shown)
    token = token_urlsafe()
    models = {name: scripted() if model == "scripted" else model for name in BUILDERS}
    async with workshop(folder, token=token) as url:
        result = await build(kind, models, bus, url=url, token=token)
    await shown.settled(5)
    print(f"\n{result.ended}: {result.score:.0%} of it is done")
    for name, spent in result.by_member.items():
        print(f"  {name:5} {spent.usage.calls} requests, {spent.usage.total_tokens:,} tokens")


# What follows plays the models: it reads what a member is told, and asks for the tools that a
# real one would ask for.

FILES = {
    "page": "index.html",
    "rules": "snake.js",
    "style": "style.css",
    "game": "game.js",
    "readme": "README.md",
}
GROWS = "const rest = eats ? game.body : game.body.slice(0, -1);"
NEVER_GROWS = "const rest = game.body.slice(0, -1);"


def scripted() -> ChatModel:
    """A model that builds whatever item it is given."""
    return ScriptedModel(*[answer] * 100)


def answer(request: ChatRequest) -> ToolUse | str:
    """The next tool for the item at hand; then, that it is done."""
    told = [at for at, message in enumerate(request.messages) if message.role == "user"]
    heard = "\n".join(request.messages[at].text for at in told)
    item = chosen(request.messages[told[-1]].text, heard)
    if item is None:
        return "I wait for the others."
    uses = work(item, is_again="did not grow" in heard)
    used = sum(len(message.tool_uses) for message in request.messages[told[-1] :])
    if used < len(uses):
        return uses[used]
    return f"{FILES[item]} is written, and I have tried it. [TASK_COMPLETE:{item}]"


def chosen(task: str, heard: str) -> str | None:
    """The item that a member was given, or the first on the list that is ready and nobody's."""
    if given := re.search(r"^Item (\w+):", task, re.MULTILINE):
        return given[1]
    listed = re.split(r"^\[(?=[ x]\] )", task, flags=re.MULTILINE)
    still = [each[3:].partition(":")[0] for each in listed if is_ready(each)]
    return next((each for each in still if f"[TASK_COMPLETE:{each}]" not in heard), None)


def is_ready(listed: str) -> bool:
    """Whether an entry of the list is open, and waits for no other."""
    return listed.startswith(" ] ") and "It waits for:" not in listed


def work(item: str, *, is_again: bool) -> Sequence[ToolUse]:
    """What is asked for in turn to do an item; its rules are wrong the first time."""
    name = FILES[item]
    text = (SNAKE / name).read_text()
    look = f"node --check {name}" if name.endswith(".js") else f"wc -l {name}"
    calls: list[tuple[str, dict[str, str]]] = [("write_file", {"path": name, "content": text})]
    if item == "rules" and not is_again:
        calls = [("write_file", {"path": name, "content": text.replace(GROWS, NEVER_GROWS)})]
    elif item == "rules":
        edit = {"path": name, "old_text": NEVER_GROWS, "new_text": GROWS}
        calls = [("read_file", {"path": name}), ("edit_file", edit)]
    calls.append(("bash", {"command": look}))
    return [ToolUse(f"{item}-{at}", tool, given) for at, (tool, given) in enumerate(calls)]


if __name__ == "__main__":
    found = next((model for key, model in KEYS.items() if os.environ.get(key)), "scripted")
    parser = ArgumentParser(description="A team builds the game Snake.")
    parser.add_argument("--team", choices=("ralph", "agent-team"), default="ralph")
    parser.add_argument("--model", default=found, help="such as openai:gpt-5-mini, or scripted")
    parser.add_argument("--into", type=Path, help="a folder for the game; else it is not kept")
    given = parser.parse_args()
    if given.into is not None:
        given.into.mkdir(parents=True, exist_ok=True)
    place = tempfile.TemporaryDirectory() if given.into is None else nullcontext(given.into)
    with place as folder:
        try:
            anyio.run(main, given.team, given.model, Path(folder))
        except ToolyardError as error:  # such as that a key is missing
            sys.exit(str(error))
        print("The game is at", (Path(folder) / "index.html").resolve().as_uri())
    if given.into is None:
        print("It was not kept: give --into FOLDER to play it.")
