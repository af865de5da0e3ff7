"""Ids of tools that a model wants run: by them it is told what came of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

from toolyard.llm.chat import Reply
from toolyard.llm.message import Part, ToolUse


def told_apart(reply: Reply) -> Reply:
    """`reply`, in which each tool has an id of its own, whatever the model wrote."""
    if len(reply.message.parts) < 2:
        return reply
    uses = reply.tool_uses
    if len({use.id for use in uses}) == len(uses):
        return reply
    return replace(reply, message=replace(reply.message, parts=tuple(_parts(reply))))


def _parts(reply: Reply) -> Iterator[Part]:
    seen = set[str]()
    for part in reply.message.parts:
        if isinstance(part, ToolUse):
            if part.id in seen:
                part = replace(part, id=f"use-{uuid4().hex}")
            seen.add(part.id)
        yield part
