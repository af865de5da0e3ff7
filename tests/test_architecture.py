"""The shape of the source: who may import whom, no cycles, small files, small functions."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "toolyard"

MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "events": {"core"},
    "security": {"core"},
    "egress": {"core", "security"},
    "config": {"core"},
    "storage": {"core"},
    "supervision": {"core", "events"},
    "builtin_tools": {"core", "storage", "egress"},
    "clients": {"core", "egress"},
    "prompts": {"core"},
    "llm": {"core", "events", "storage", "prompts"},
    "thoughts": {"core", "storage"},
    "registry": {"core", "events", "security", "storage", "supervision"},
    "agents": {"core", "events", "llm", "prompts", "thoughts", "storage", "registry"},
    "orchestration": {"core", "events", "agents", "llm", "prompts", "storage"},
    "servers": {"core", "events", "security", "registry"},
    "console": {"core", "events"},
    "cli": {"core", "config", "wiring"},
    "__main__": {"cli"},
    "version": set(),
}
ALL_BELOW_WIRING = set(MAY_IMPORT) - {"cli", "__main__"}
MAY_IMPORT["wiring"] = ALL_BELOW_WIRING
MAY_IMPORT["__init__"] = ALL_BELOW_WIRING
for part in MAY_IMPORT:
    MAY_IMPORT[part] = MAY_IMPORT[part] | {"version"}

HOME_OF: dict[str, set[str]] = {
    "mcp": {"clients", "servers"},
    "mcp_types": {"clients", "servers"},
    "starlette": {"servers", "console"},
    "uvicorn": {"servers"},
    "typer": {"cli"},
    "jwt": {"security"},
    "httpcore2": {"egress"},
    "simpleeval": {"builtin_tools"},
    "redis": {"storage"},
    "dbos": {"orchestration"},
    "sqlalchemy": {"orchestration"},
    "psycopg": {"storage"},
    "cryptography": {"storage"},
    "sqlite3": {"storage"},
    "yaml": {"clients"},
    "jinja2": {"prompts"},
    "json5": {"config"},
    "json_repair": {"prompts"},
    "tomli_w": {"config"},
    "openai": {"llm"},
    "anthropic": {"llm"},
    "google": {"llm"},
    "any_llm": {"llm"},
    "genai_prices": {"llm"},
}

FILES = sorted(SOURCE.rglob("*.py"))


def part_of(module: str) -> str:
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def module_of(path: Path) -> str:
    names = ["toolyard", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


@cache
def imports_of(path: Path) -> frozenset[str]:
    return frozenset(_imports_in(ast.parse(path.read_text())))


def _imports_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_source_is_there() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_imports_only_what_its_part_may(path: Path) -> None:
    own = part_of(module_of(path))
    ours = {part_of(name) for name in imports_of(path) if name.startswith("toolyard.")}
    assert ours - {own} <= MAY_IMPORT[own]
    third = {name.split(".")[0] for name in imports_of(path)}
    assert not [name for name in third if own not in HOME_OF.get(name, {own})]


def test_no_import_goes_in_a_circle() -> None:
    modules = {module_of(path) for path in FILES}
    edges = {
        module_of(path): {name for name in imports_of(path) if name in modules} for path in FILES
    }
    finished: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module in finished:
            return
        for target in sorted(edges[module] - {module}):
            visit(target, (*trail, module))
        finished.add(module)

    for module in sorted(edges):
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_every_folder_of_the_design_is_a_part() -> None:
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert folders <= set(MAY_IMPORT)
