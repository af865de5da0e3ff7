"""The front door: what `import toolyard` offers, and that it costs next to nothing."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from importlib.metadata import packages_distributions
from inspect import isclass, isfunction
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_args, get_type_hints

import pytest
from tests.support.process import ROOT, run

import toolyard
from toolyard.core import errors, workflow_errors
from toolyard.events import agent_events, orchestration_events, types

SOURCE = Path(toolyard.__file__).parent
DISTRIBUTIONS = packages_distributions()
SPEED = {"uvloop"}
"""Declared but not imported here: asyncio uses it."""
OWN_BUSINESS = {
    "AgentOptions": "keyword arguments",
    "Hearing": "what `StdioServer` tells the client that starts it",
    "OpenItem": "of a `WorkClaim`, which `WorkPool` makes",
    "Plan": "what `MCPServerBuilder` writes",
    "Presentation": "keyword arguments",
    "PromptOptions": "keyword arguments",
    "ResourceOptions": "keyword arguments",
    "Steady": "of a `WorkClaim`, which `WorkPool` makes",
    "ToolOptions": "keyword arguments",
    "Unread": "what `MCPClient` leaves to whoever looks into a large result",
    "_Answered": "what a `Reviewer` gives: any result with an `output`",
}
"""Types of ours in public signatures that nobody outside has to name, and why."""


def imported() -> set[str]:
    """The modules that the source imports from other people's packages."""
    names: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    return names - sys.stdlib_module_names - {"toolyard"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def named(requirements: Iterable[str]) -> set[str]:
    """The packages in `requirements`, as the package index spells them."""
    return {re.split(r"[^\w.-]", each)[0].replace("_", "-") for each in requirements}


def declared() -> set[str]:
    """The packages that `pyproject.toml` asks for."""
    return named(project()["dependencies"])


def extras() -> set[str]:
    """The packages that it asks for in an extra; what needs one says so if it is not there."""
    return named(each for extra in project()["optional-dependencies"].values() for each in extra)


def test_importing_it_loads_nothing_of_others() -> None:
    script = "import sys, toolyard; print(*sys.modules, sep='\\n')"
    finished = run([sys.executable, "-c", script])
    assert finished.code == 0, finished
    loaded = {module.partition(".")[0] for module in finished.output.split()}
    assert loaded.isdisjoint(imported())
    assert "toolyard" in loaded


def package_of(module: str) -> str:
    """The package that brings `module`; of several that share its name, one that is asked for."""
    bringing = {each.lower().replace("_", "-") for each in DISTRIBUTIONS[module]}
    return min(bringing & (declared() | extras()), default=min(bringing))


def test_what_is_imported_is_declared_and_what_is_declared_is_needed() -> None:
    needed = {package_of(module) for module in imported()}

    assert needed - extras() == declared() - SPEED
    assert needed <= declared() | extras()


@pytest.mark.parametrize("name", toolyard.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(toolyard, name) is not None
    assert name in dir(toolyard)


def test_type_checkers_see_the_names_that_are_there_and_from_where() -> None:
    typed: dict[str, str] = {}
    stub = ast.parse((SOURCE / "__init__.pyi").read_text())
    for imported in (node for node in stub.body if isinstance(node, ast.ImportFrom)):
        for alias in imported.names:
            assert alias.asname == alias.name  # an import that type checkers re-export
            typed[alias.name] = imported.module or ""
    assert set(typed) == set(toolyard.__all__)
    for name, module in typed.items():
        assert getattr(toolyard, name) is getattr(sys.modules[module], name)


def test_the_public_names_are_sorted_after_the_version() -> None:
    version, *names = toolyard.__all__
    assert version == "__version__"
    assert names == sorted(set(names))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = toolyard.nothing  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def named_in(annotation: object) -> Iterator[str]:
    """The types of ours in an annotation."""
    if isinstance(annotation, list):  # the parameters of a `Callable`
        parts = tuple(cast("list[object]", annotation))
    else:
        parts = get_args(annotation)
        if isclass(annotation) and annotation.__module__.startswith("toolyard."):
            yield annotation.__name__
    for part in parts:
        yield from named_in(part)


def members_of(public: object) -> Iterator[object]:
    """A class and its public functions, or the function itself."""
    yield public
    is_made = is_dataclass(public)  # then the fields say what `__init__` does
    for name, member in vars(public).items() if isclass(public) else ():
        if (name == "__init__" and not is_made) or name[0] != "_":
            yield getattr(member, "fget", None) or getattr(member, "__func__", member)


def annotations_of(public: object) -> Iterator[object]:
    """What its public signatures and fields are annotated with."""
    for member in members_of(public):
        if isclass(member) or isfunction(member):
            hints = get_type_hints(member)
            yield from (hint for name, hint in hints.items() if name[0] != "_")


@pytest.mark.parametrize("name", toolyard.__all__)
def test_what_a_public_signature_names_is_public(name: str) -> None:
    named = {each for hint in annotations_of(getattr(toolyard, name)) for each in named_in(hint)}

    assert named - set(toolyard.__all__) <= set(OWN_BUSINESS)


@pytest.mark.parametrize(
    "module", [errors, workflow_errors, types, agent_events, orchestration_events]
)
def test_every_error_and_every_event_is_public(module: ModuleType) -> None:
    classes = [each for each in vars(module).values() if isclass(each)]
    own = {each.__name__ for each in classes if each.__module__ == module.__name__}

    assert own
    assert own <= set(toolyard.__all__)
