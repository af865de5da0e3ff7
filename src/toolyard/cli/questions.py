"""Asks the user at the terminal what a tool wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from rich.prompt import Confirm, FloatPrompt, IntPrompt, Prompt
from rich.text import Text

from toolyard.cli.terminal import ERR, one_line, say
from toolyard.core.inputs import InputRequest

_PROMPTS = {"integer": IntPrompt, "number": FloatPrompt, "boolean": Confirm}


async def ask_user(request: InputRequest) -> Mapping[str, Any]:
    """Fill a form field by field; anything but a form is declined."""
    if request.method == "roots/list":
        return {"roots": []}
    if request.method != "elicitation/create":
        said = {"type": "text", "text": "There is no model here that could answer."}
        return {"role": "assistant", "content": said, "model": "none"}
    if request.params.get("mode", "form") != "form":
        return {"action": "decline"}
    return await anyio.to_thread.run_sync(_fill, request.params, abandon_on_cancel=True)


def _fill(params: Mapping[str, Any]) -> Mapping[str, Any]:
    say(str(params.get("message", "")), style="bold")
    schema: Mapping[str, Any] = params.get("requestedSchema", {})
    required = schema.get("required", ())
    try:
        answers = {
            name: _ask(name, field, is_required=name in required)
            for name, field in schema.get("properties", {}).items()
        }
    except EOFError:
        return {"action": "cancel"}
    return {
        "action": "accept",
        "content": {name: answer for name, answer in answers.items() if answer is not None},
    }


def _ask(name: str, field: Mapping[str, Any], *, is_required: bool) -> Any:
    """What the user types; `None` if that is nothing and nothing is needed."""
    prompt: Any = _PROMPTS.get(field.get("type", "string"), Prompt)
    options: dict[str, Any] = {}
    if "default" in field:
        options["default"] = field["default"]
    elif not is_required:
        options |= {"default": None, "show_default": False}
    if "enum" in field:
        options["choices"] = [one_line(str(value)) for value in field["enum"]]
    label = Text(one_line(str(field.get("title") or field.get("description") or name)))
    return prompt.ask(label, console=ERR, **options)
