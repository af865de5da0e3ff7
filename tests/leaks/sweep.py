"""A server with every way to let someone in, and thousands of requests that try to make it talk."""

import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import anyio
import jwt
from tests.leaks.attacks import (
    INITIALIZE,
    Tokens,
    everywhere,
    legacy_post,
    malformed,
    misplaced,
    modern_post,
    post,
    questions,
    request,
)
from tests.support.process import free_port, running
from tests.support.serving import COMMAND

from toolyard.security.token_lines import write_token
from toolyard.security.tokens import Token

TOOLS = Path(__file__).with_name("leaky_tools.py")
INNERMOST = re.compile("innermost|Opaque")
"""Is in every error and odd value of `leaky_tools.py`."""
ISSUER, AUDIENCE = "https://issuer.example", "https://tools.example/mcp"
AT_ONCE = 8
ANSWER_S = 2.0
"""A stream of notices does not end by itself."""

CONFIG = f"""
token_file = "TOKEN_FILE"
limits = {{ header_s = 0.3, body_s = 0.3, keep_alive_s = 0.3, body_bytes = 100_000 }}

[[tokens]]
name = "limited"
env = "LEAKY_LIMITED"
scopes = ["tool:take"]

[[tokens]]
name = "expired"
secret = "EXPIRED"
expires_at = 2020-01-01T00:00:00Z

[jwt]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
key = "JWT_KEY"
algorithms = ["HS256"]

[tools.calculator]
kind = "calculator"

[tools.leaky]
kind = "{TOOLS}:tools"

[tools.rude]
kind = "{TOOLS}:rude"

[tools.child]
command = ["{COMMAND}", "serve", "{TOOLS}:tools", "--stdio"]
prefix = "child"
"""


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of a sweep: everything anybody could have read."""

    answers: Mapping[bytes, bytes]
    """By request."""
    log: str
    command_lines: Sequence[str]
    """Of the server and of the process that it started."""
    child_environment: str
    tokens: Tokens
    key: str
    state_key: str

    @property
    def secrets(self) -> Sequence[str]:
        """Every token, the key that signs some, and the one that seals states."""
        return [*astuple(self.tokens), self.key, self.state_key]


def sweep(directory: Path) -> Swept:
    """Start the server, ask it everything, and stop it."""
    key, state_key = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
    tokens = _tokens(key)
    config = _configure(directory, tokens, key)
    port = free_port()
    command = [COMMAND, "serve", "--config", str(config), "--port", str(port)]
    environment = {
        "TOOLYARD_TOKEN": tokens.good,
        "TOOLYARD_STATE_KEY": state_key,
        "LEAKY_LIMITED": tokens.limited,
    }
    with running(command, environment=environment) as server:
        server.answers(f"http://127.0.0.1:{port}/healthz")
        answers, pids = anyio.run(_ask_everything, port, tokens)
        lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]
        child = Path(f"/proc/{pids[1]}/environ").read_text()
    return Swept(answers, server.output, lines, child, tokens, key, state_key)


def _tokens(key: str) -> Tokens:
    def signed(audience: str, seconds: int, by: str = key) -> str:
        claims = {"iss": ISSUER, "aud": audience, "sub": "someone", "scope": "tool:take"}
        return jwt.encode({**claims, "exp": int(time.time()) + seconds}, by, algorithm="HS256")

    good, expired, limited, in_file = (secrets.token_urlsafe(32) for _ in range(4))
    foreign = signed(AUDIENCE, 600, secrets.token_urlsafe(48))
    return Tokens(good, expired, limited, in_file, signed(AUDIENCE, 600), signed("x", 600), foreign)


def _configure(directory: Path, tokens: Tokens, key: str) -> Path:
    file, config = directory / "tokens.jsonl", directory / "leaky.toml"
    file.write_text(write_token(Token.of(tokens.in_file, "filed", ["*"])))
    file.chmod(0o600)
    text = CONFIG.replace("TOKEN_FILE", str(file)).replace("JWT_KEY", key)
    config.write_text(text.replace("EXPIRED", tokens.expired))
    return config


async def _ask_everything(port: int, tokens: Tokens) -> tuple[Mapping[bytes, bytes], Sequence[int]]:
    answers: dict[bytes, bytes] = {}
    good = tokens.good

    async def ask(each: bytes) -> bytes:
        answers[each] = answer = await _answer(port, each)
        return answer

    opened = await ask(post("/mcp", INITIALIZE, authorization=good))
    session = _header(opened, "mcp-session-id")
    listed = {
        "tools": await _names(ask, good, "tools", "name"),
        "prompts": await _names(ask, good, "prompts", "name"),
        "resources": await _names(ask, good, "resources", "uri"),
    }
    asked = [(m, p) for m, p in questions(listed) if p.get("name") != "rude_break"]
    in_protocol = chain.from_iterable(
        (modern_post(m, p, good), legacy_post(m, p, good, session)) for m, p in asked
    )
    limited = (modern_post(m, p, tokens.limited) for m, p in asked)
    await _in_parallel(ask, chain(in_protocol, limited, everywhere(tokens), malformed(good)))
    await _in_parallel(ask, misplaced(tokens))
    pids = [await _process_id(ask, good, name) for name in ("process_id", "child_process_id")]
    await ask(modern_post("tools/call", {"name": "rude_break"}, good))
    for method in ("tools/list", "resources/list", "prompts/list"):
        await ask(modern_post(method, {}, good))
    await ask(request("GET", "/metrics", f"Authorization: Bearer {good}"))
    return answers, pids


async def _answer(port: int, asked: bytes) -> bytes:
    received = b""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        with anyio.move_on_after(ANSWER_S):
            try:
                await stream.send(asked)
                while True:
                    received += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                pass
    return received


async def _in_parallel(ask: Any, requests: Iterable[bytes]) -> None:
    rest = iter(requests)

    async def work() -> None:
        for each in rest:
            await ask(each)

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work)


async def _names(ask: Any, token: str, kind: str, key: str) -> Sequence[str]:
    found = _result(await ask(modern_post(f"{kind}/list", {}, token)))
    return [each[key] for each in found[kind]]


async def _process_id(ask: Any, token: str, tool: str) -> int:
    call: Mapping[str, Any] = {"name": tool, "arguments": {}}
    return _result(await ask(modern_post("tools/call", call, token)))["structuredContent"]["result"]


def _result(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["result"]


def _header(answer: bytes, name: str) -> str:
    lines = answer.partition(b"\r\n\r\n")[0].decode().splitlines()
    pairs = (line.partition(":") for line in lines)
    return next(value.strip() for key, _, value in pairs if key.lower() == name)
