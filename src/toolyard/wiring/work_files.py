"""Work items from a file: JSON, TOML, or the list of requirements in a Markdown document."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from toolyard.core.errors import ConfigError
from toolyard.orchestration.work.item import WorkItem
from toolyard.wiring.options import read_options

_BOX = re.compile(r"[-*] \[([ xX])\]\s*(.*)")
_NAMED = re.compile(r"([A-Za-z0-9._-]{1,128}):(?:\s+(.*))?")
_UNDER = re.compile(r"\s+(?:[-*]\s+)?(?:\[[ xX]\]\s+)?(.*)")
_CRITERION = re.compile(r"\s+[-*]\s")
_DEPENDS = re.compile(r"depends[ _]on:\s*(.*)", re.IGNORECASE)


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    title: str = ""
    description: str = ""
    acceptance_criteria: list[str] = []
    depends_on: list[str] = []

    @property
    def work(self) -> WorkItem:
        criteria, before = tuple(self.acceptance_criteria), tuple(self.depends_on)
        return WorkItem(self.id, self.title, self.description, criteria, before)


class _Work(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    task: str = ""
    items: list[_Item]


@dataclass(frozen=True, slots=True)
class Work:
    """What a team is to do."""

    task: str
    """As a whole; empty if the file does not say."""
    items: Sequence[WorkItem]


def work_in(path: Path) -> Work:
    """The items in a file, by the end of its name: `.json`, `.toml` or `.md`.

    JSON is a list of items, or an object with `items` and `task`, as TOML is. In Markdown, what
    stands before the first item is the task; an item is `- [ ] id: title`, and what is indented
    below it belongs to it: points are its acceptance criteria, `depends on: a, b` says what must
    be done before, other lines describe it. `- [x]` is done already, and is no item.

    Raises:
        ConfigError: It cannot be read, holds no items, or something in it is none.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text.") from error
    read = _READERS.get(path.suffix)
    if read is None:
        raise ConfigError(f"{path.name} must be a .json, .toml or .md file.")
    try:
        work = read(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path.name} is no {path.suffix[1:].upper()}.") from error
    except ConfigError as error:
        raise ConfigError(f"{path.name}: {error}") from error
    if not work.items:
        raise ConfigError(f"{path.name} holds no items that are to be done.")
    return work


def _of_json(text: str) -> Work:
    found = json.loads(text)
    return _read({"items": found} if isinstance(found, list) else found)


def _of_toml(text: str) -> Work:
    return _read(tomllib.loads(text))


def _read(given: Mapping[str, Any]) -> Work:
    work = read_options(_Work, given)
    return Work(work.task, [each.work for each in work.items])


@dataclass(slots=True)
class _Point:
    """An item of a document as it is read."""

    id: str
    title: str
    is_done: bool
    description: list[str] = field(default_factory=list[str])
    criteria: list[str] = field(default_factory=list[str])
    depends_on: list[str] = field(default_factory=list[str])

    def add(self, line: str) -> None:
        """Take in a line that is indented below it."""
        found = _UNDER.fullmatch(line)
        said = line.strip() if found is None else found[1].strip()
        before = _DEPENDS.fullmatch(said)
        if before is not None:
            self.depends_on += [name.strip() for name in before[1].split(",") if name.strip()]
        elif _CRITERION.match(line):
            self.criteria.append(said)
        else:
            self.description.append(said)


def _of_markdown(text: str) -> Work:
    before, points = list[str](), list[_Point]()
    is_open = False
    for number, line in enumerate(text.splitlines(), start=1):
        box = _BOX.fullmatch(line)
        if box is not None:
            points.append(_point(number, box))
            is_open = True
        elif not points:
            before.append(line)
        elif is_open and line[:1].isspace() and line.strip():
            points[-1].add(line)
        elif line.strip():  # what is not indented belongs to no item
            is_open = False
    return Work("\n".join(before).strip(), list(_open_items(points)))


def _point(number: int, box: re.Match[str]) -> _Point:
    named = _NAMED.fullmatch(box[2].strip())
    if named is None:
        raise ConfigError(f"line {number}: write an item as `- [ ] id: title`.")
    return _Point(named[1], named[2] or "", is_done=box[1] != " ")


def _open_items(points: Sequence[_Point]) -> Iterator[WorkItem]:
    """The items that are not done, which need not wait for those that are."""
    done = {each.id for each in points if each.is_done}
    for each in points:
        if not each.is_done:
            left = tuple(name for name in each.depends_on if name not in done)
            text = "\n".join(each.description)
            yield WorkItem(each.id, each.title, text, tuple(each.criteria), left)


_READERS = {".json": _of_json, ".toml": _of_toml, ".md": _of_markdown}
