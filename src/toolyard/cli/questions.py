"""Asks the user at the terminal what a tool wants to know."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import anyio
from rich.text import Text

from toolyard.cli.consoles import ERR
from toolyard.cli.fields import Field, fields_of
from toolyard.cli.terminal import say
from toolyard.core.inputs import InputRequest


async def ask_user(request: InputRequest) -> Mapping[str, Any]:
    """Fill a form field by field; anything but a form of MCP's own fields is declined."""
    if request.method == "roots/list":
        return {"roots": []}
    if request.method != "elicitation/create":
        said = {"type": "text", "text": "There is no model here that could answer."}
        return {"role": "assistant", "content": said, "model": "none"}
    if request.params.get("mode", "form") != "form":
        return {"action": "decline"}
    return await _form(request.params)


async def _form(params: Mapping[str, Any]) -> Mapping[str, Any]:
    say(str(params.get("message", "")), style="bold")
    try:
        fields = fields_of(params.get("requestedSchema"))
    except ValueError:
        say("It is asked for in a way that is not known here, so nothing is answered.")
        return {"action": "decline"}
    try:
        answers = {name: await _answer(field) for name, field in fields.items()}
    except EOFError:
        return {"action": "cancel"}
    content = {name: answer for name, answer in answers.items() if answer is not None}
    return {"action": "accept", "content": content}


async def _answer(field: Field) -> Any:
    """What the user types, once it is an answer."""
    while True:
        ERR.print(Text(field.prompt()), end="", soft_wrap=True)
        try:
            return field.answer((await _line()).strip())
        except ValueError as error:
            say(str(error))


async def _line() -> str:
    """The next line that is typed. No thread waits for it, as nothing could end that one."""
    if sys.stdin.isatty():
        await anyio.wait_readable(sys.stdin)
    try:
        line = sys.stdin.readline()
        line.encode()
    except UnicodeError:
        raise ValueError("Please type letters.") from None
    if not line:
        raise EOFError
    return line
