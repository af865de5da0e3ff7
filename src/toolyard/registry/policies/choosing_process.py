"""A program of its own: chooses from a text as a model says, with little time and little memory.

Standard input: a line of JSON with `way` (`grep` or `jq`), `expression`, `most_letters`, `cpu_s`
and `memory_bytes`; then the text in UTF-8. Standard output: what was chosen. The exit code tells
what went wrong; a sentence about it is on standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NoReturn

NOT_INSTALLED = 3
NO_EXPRESSION = 4
FAILED = 5
LONGEST_LINE = 500
CUT = "[cut: there may be more; choose less]"

_MOST_SAID = 300


def main() -> None:
    """Do what standard input says."""
    head, _, text = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    _limit(asked["cpu_s"], asked["memory_bytes"])
    ways: dict[str, Callable[[str, str], Iterator[str]]] = {"grep": _grep, "jq": _jq}
    chosen = ways[asked["way"]](asked["expression"], text.decode(errors="replace"))
    room: int = asked["most_letters"]
    for line in chosen:
        sys.stdout.buffer.write(line[: room + 1].encode(errors="replace") + b"\n")
        room -= len(line) + 1
        if room < 0:
            sys.stdout.buffer.write(CUT.encode())
            return


def _limit(cpu_s: int, memory_bytes: int) -> None:
    try:
        resource: Any = import_module("resource")
    except ImportError:  # Windows has none of it; the caller's own deadline holds there too
        return
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _grep(pattern: str, text: str) -> Iterator[str]:
    """The lines that match, each with its number, by Rust's engine, which never goes back."""
    core = import_module("pydantic_core")
    rule = core.core_schema.str_schema(pattern=pattern, regex_engine="rust-regex", strict=True)
    try:
        matches: Callable[[str], bool] = core.SchemaValidator(rule).isinstance_python
    except (core.SchemaError, ValueError):
        _fail(NO_EXPRESSION, "")
    for number, line in enumerate(text.split("\n"), start=1):
        if matches(line):
            shown = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"
            yield f"{number}: {shown}"


def _jq(program: str, text: str) -> Iterator[str]:
    try:
        jq: Any = import_module("jq")
    except ImportError:
        _fail(NOT_INSTALLED, "")
    try:
        compiled = jq.compile(program)
    except ValueError as error:
        _fail(NO_EXPRESSION, str(error))
    try:
        for value in compiled.input_text(text):
            yield json.dumps(value, ensure_ascii=False)
    except ValueError as error:
        _fail(FAILED, str(error))


def _fail(code: int, said: str) -> NoReturn:
    sys.stderr.write(said[:_MOST_SAID])
    sys.exit(code)


if __name__ == "__main__":
    main()
