"""An example of every typed event there is, made from its fields, hostile text in it or not."""

from collections.abc import Sequence
from dataclasses import fields
from inspect import isclass
from typing import Any, get_type_hints

from toolyard.core.context import Event
from toolyard.events import agent_events, orchestration_events, types
from toolyard.events.agent_events import AgentEvent
from toolyard.events.orchestration_events import MemberEvent, OrchestrationEvent, TaskEvent

HOSTILE = 'a\x1b[31m\x1b]0;t\x07\r\n2026-11-26 ERROR toolyard: b\u2028\u202e\x9b1m"}\n{"x": 1\ud800'
"""Text that would steer a terminal, turn letters around, or begin a line."""

ABSTRACT = (Event, AgentEvent, OrchestrationEvent, MemberEvent, TaskEvent)

VALUES: dict[str, Any] = {
    "str": "grüße 😀",
    "str | None": "was",
    "int": 7,
    "float": 0.25,
    "float | None": None,
    "bool": True,
    "Mapping[str, Any]": {"path": "a.txt", "deep": {"list": [1, None, 2.5, "x"]}},
    "Sequence[str]": ["far", "near"],
    "tuple[str, ...]": ("html", "css"),
}


def kinds() -> Sequence[type[Event]]:
    """Every class of event that is made."""
    modules = (types, agent_events, orchestration_events)
    found = [each for module in modules for each in vars(module).values()]
    own = [each for each in found if isclass(each) and issubclass(each, Event)]
    return [each for each in own if each not in ABSTRACT]


def example(kind: type[Event], **given: Any) -> Event:
    """One of `kind`, of now, with what is `given` for those fields that it has."""
    hints = get_type_hints(kind)
    made: dict[str, Any] = {}
    for each in fields(kind):
        if each.name in given:
            made[each.name] = given[each.name]
        elif (choices := getattr(hints[each.name], "__args__", ())) and "Literal" in str(each.type):
            made[each.name] = choices[-1]
        elif each.name != "at":
            made[each.name] = VALUES[str(each.type)]
    return kind(**made)


def hostile(kind: type[Event]) -> Event:
    """One of `kind` whose every text is hostile."""
    texts: dict[str, Any] = {
        each.name: HOSTILE for each in fields(kind) if str(each.type).startswith("str")
    }
    texts["parameters"] = {HOSTILE: HOSTILE, "deep": [HOSTILE]}
    texts["changed"] = [HOSTILE]
    texts["task_ids"] = (HOSTILE,)
    return example(kind, **texts)
