"""Agents whose answers depend on nothing but what they are told, with tools that leave traces."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from toolyard.agents.agent import Agent
from toolyard.agents.round_steps import IN_DOUBT
from toolyard.core.content import Text
from toolyard.core.toolbox import Toolbox
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import Message, ToolUse, ToolUseResult, assistant
from toolyard.llm.usage import Usage

SAFE_TOOLS = ("look", "put")
"""Those that may be run twice."""

Told = Mapping[str, Sequence[Any]]
"""What goes into the members of structured answers, one for each time that they are asked for."""


class Audit:
    """A file of what was really done, which a kill leaves as it is."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, *words: str) -> None:
        """Add a line."""
        os.write(self._file, (json.dumps(words) + "\n").encode())


class Stateless:
    """A model that gives the same answer to the same request, in whichever process."""

    def __init__(self, who: str, audit: Audit, told: Told, *, adds: str = "") -> None:
        self._who = who
        self._audit = audit
        self._told = told
        self._adds = adds

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        heard = [text for each in request.messages for text in _heard(each)]
        digest = sha256(json.dumps(heard).encode()).hexdigest()[:8]
        is_in_doubt = any(IN_DOUBT in text for text in _results(request, unsafe=True))
        self._audit.note("model", self._who, digest, "told of doubt" if is_in_doubt else "")
        said = self._said(request, digest)
        usage = Usage(input_tokens=sum(map(len, heard)), output_tokens=len(said.text))
        return Reply(said, usage, "tool_use" if said.tool_uses else "stop", "scripted")

    def _said(self, request: ChatRequest, digest: str) -> Message:
        if request.output is not None:
            asked = sum(not each.tool_uses for each in request.messages if each.role == "assistant")
            schema = request.output.schema
            answer = Answer(self._told, asked, schema.get("$defs", {}))
            return assistant(json.dumps(answer.filled(schema, f"{self._who} {digest}")))
        if request.tools and request.messages[-1].role == "user":
            uses = [
                ToolUse(f"{tool.name} {digest}", tool.name, {"what": digest})
                for tool in request.tools
            ]
            return assistant(*uses)
        return assistant(f"{self._who} {digest}{self._adds}")


class Crew:
    """Makes the agents of one run."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._agents = list[Agent]()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Make the tools of all agents there are ready."""
        for each in self._agents:
            await self._open.enter_async_context(each)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._open.__aexit__(kind, error, traceback)

    def agent(
        self, name: str, *, tools: bool = False, adds: str = "", **told: Sequence[Any]
    ) -> Agent:
        """An agent; with tools it uses all of them at the same time, before it answers.

        Args:
            name: Of the agent.
            tools: Whether it has some.
            adds: What it says after each answer.
            told: What it answers where an answer has members; as in `Told`.
        """
        model = Stateless(name, self._audit, told, adds=adds)
        made = Agent(name, model, tools=[self._tools(name)] if tools else [], expertise=name)
        self._agents.append(made)
        return made

    def note(self, *words: str) -> None:
        """Have it known that something was done."""
        self._audit.note(*words)

    def _tools(self, who: str) -> Toolbox:
        box = Toolbox()

        def done(tool: str, what: str) -> str:
            self._audit.note(tool, who, what)
            return f"{tool} {what} for {who}"

        @box.tool(read_only=True)
        async def look(what: str) -> str:
            """Looks."""
            return done("look", what)

        @box.tool(idempotent=True)
        async def put(what: str) -> str:
            """Puts."""
            return done("put", what)

        @box.tool
        async def pay(what: str) -> str:
            """Pays."""
            return done("pay", what)

        del look, put, pay
        return box


@dataclass(frozen=True, slots=True)
class Answer:
    """Makes values that fit a schema: what was told of their members, else as good as any."""

    told: Told
    asked: int
    """How often an answer was given before."""
    named: Mapping[str, Any]
    """The schemas that others refer to."""

    def filled(self, schema: Mapping[str, Any], text: str, name: str = "") -> Any:
        """A value made of `text`."""
        if name in self.told:
            return self.told[name][min(self.asked, len(self.told[name]) - 1)]
        if "$ref" in schema:
            return self.filled(self.named[schema["$ref"].rpartition("/")[2]], text)
        if "anyOf" in schema:
            return self.filled(schema["anyOf"][0], text)
        return schema["enum"][0] if "enum" in schema else self._made(schema, text)

    def _made(self, schema: Mapping[str, Any], text: str) -> Any:
        match schema.get("type"):
            case "object":
                members = cast("Mapping[str, Any]", schema.get("properties", {}))
                return {key: self.filled(each, text, key) for key, each in members.items()}
            case "array":
                count = min(max(2, schema.get("minItems", 0)), schema.get("maxItems", 2))
                return [self.filled(schema["items"], f"{text} {at}") for at in range(count)]
            case "boolean":
                return True
            case "integer":
                return schema.get("minimum", 1)
            case "number":
                return int(sha256(text.encode()).hexdigest()[:2], 16) / 256
            case _:
                return text


def _heard(message: Message) -> Sequence[str]:
    """What is in it, but for results that differ when a run was interrupted."""
    results = (part for part in message.parts if isinstance(part, ToolUseResult))
    safe = [_text(each) for each in results if each.name.startswith(SAFE_TOOLS)]
    return [message.role, message.text, *safe]


def _results(request: ChatRequest, *, unsafe: bool) -> Sequence[str]:
    return [
        _text(part)
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolUseResult) and part.name.startswith(SAFE_TOOLS) != unsafe
    ]


def _text(result: ToolUseResult) -> str:
    return "".join(each.text for each in result.content if isinstance(each, Text))
