"""The front door: what `import toolyard` offers, and that it costs next to nothing."""

import ast
import sys
from pathlib import Path

import pytest
from tests.support.process import run

import toolyard

HEAVY = ("mcp", "mcp_types", "starlette", "pydantic", "typer", "uvicorn", "httpx2", "jsonschema")


def test_importing_it_loads_nothing_heavy() -> None:
    script = "import sys, toolyard; print(*sys.modules, sep='\\n')"
    finished = run([sys.executable, "-c", script])
    assert finished.code == 0, finished
    loaded = {module.partition(".")[0] for module in finished.output.split()}
    assert loaded.isdisjoint(HEAVY)
    assert "toolyard" in loaded


@pytest.mark.parametrize("name", toolyard.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(toolyard, name) is not None
    assert name in dir(toolyard)


def test_type_checkers_see_the_names_that_are_there_and_from_where() -> None:
    typed: dict[str, str] = {}
    for node in ast.walk(ast.parse(Path(toolyard.__file__).read_text())):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for imported in node.body:
                assert isinstance(imported, ast.ImportFrom)
                assert imported.module is not None
                for alias in imported.names:
                    assert alias.asname == alias.name  # an import that type checkers re-export
                    typed[alias.name] = imported.module
    assert {"__version__", *typed} == set(toolyard.__all__)
    for name, module in typed.items():
        assert getattr(toolyard, name) is getattr(sys.modules[module], name)


def test_the_public_names_are_sorted_after_the_version() -> None:
    version, *names = toolyard.__all__
    assert version == "__version__"
    assert names == sorted(set(names))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = toolyard.nothing  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
