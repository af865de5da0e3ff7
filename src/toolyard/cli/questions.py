"""Asks the user at the terminal what a tool wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from rich.prompt import Confirm, FloatPrompt, IntPrompt, Prompt

from toolyard.cli.terminal import ERR, printable
from toolyard.core.inputs import InputRequest

_PROMPTS = {"integer": IntPrompt, "number": FloatPrompt, "boolean": Confirm}


async def ask_user(request: InputRequest) -> Mapping[str, Any]:
    """Fill a form field by field; anything but a form is declined."""
    if request.method == "roots/list":
        return {"roots": []}
    if request.method != "elicitation/create":
        return {"role": "assistant", "content": {"type": "text", "text": ""}, "model": "none"}
    return await anyio.to_thread.run_sync(_fill, request.params)


def _fill(params: Mapping[str, Any]) -> Mapping[str, Any]:
    ERR.print(printable(str(params.get("message", ""))), style="bold", markup=False)
    fields: Mapping[str, Any] = params.get("requestedSchema", {}).get("properties", {})
    try:
        return {"action": "accept", "content": {name: _ask(name, fields[name]) for name in fields}}
    except EOFError:
        return {"action": "cancel"}


def _ask(name: str, field: Mapping[str, Any]) -> Any:
    prompt: Any = _PROMPTS.get(field.get("type", "string"), Prompt)
    options: dict[str, Any] = {"default": field["default"]} if "default" in field else {}
    if "enum" in field:
        options["choices"] = [str(value) for value in field["enum"]]
    label = printable(str(field.get("title") or field.get("description") or name))
    return prompt.ask(label.replace("[", "\\["), console=ERR, **options)
