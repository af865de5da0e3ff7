"""A table `[tools.NAME]`: what it says to operators, which files it reads, what changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from toolyard.config.settings import OF_KIND, ToolSettings
from toolyard.wiring.options import read_options
from toolyard.wiring.sources import process_of
from toolyard.wiring.user_file import file_of

FROM_ELSEWHERE = frozenset(OF_KIND).union(*OF_KIND.values())
"""The options of a table that say where its tools come from."""


def described(table: ToolSettings) -> str:
    """Where the tools of a table come from, with nothing secret in it."""
    if table.url is not None:
        from toolyard.clients.targets import HttpServer

        return str(HttpServer(table.url)).removeprefix("the server at ")
    if table.command is not None:
        return str(process_of(table)).removeprefix("the server ")
    return table.kind or ""


def code_of(table: ToolSettings) -> Iterator[Path]:
    """The Python file of a table, if it is one of the user's."""
    file = file_of(table.kind or "")
    if file is not None:
        yield file


def table_of(given: Mapping[str, Any], present: ToolSettings | None = None) -> ToolSettings:
    """The table that `given` says, laid over the `present` one if there is one.

    Where it says anew where the tools come from, all that was said of that before is dropped.

    Raises:
        ConfigError: It is no such table; each problem with its place and never a value.
    """
    said: dict[str, Any] = {}
    if present is not None:
        said = {name: getattr(present, name) for name in present.model_fields_set}
    if not OF_KIND.keys().isdisjoint(given):
        said = {name: value for name, value in said.items() if name not in FROM_ELSEWHERE}
    return read_options(ToolSettings, {**said, **{key: _laid(said, key, given) for key in given}})


def _laid(said: Mapping[str, Any], key: str, given: Mapping[str, Any]) -> Any:
    """What is given for `key`: pairs, such as options, one by one over those that are there."""
    under, value = said.get(key), given[key]
    if isinstance(under, dict) and isinstance(value, dict):
        return {**cast("dict[str, Any]", under), **cast("dict[str, Any]", value)}
    return value
