"""A user's own Python file, and the source of tools in it."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TypeGuard, TypeVar

from toolyard.core.errors import ConfigError, InvalidTool, NameClash
from toolyard.core.marking import options_of
from toolyard.core.protocol import ToolProtocol
from toolyard.core.toolbox import Toolbox
from toolyard.wiring.output import results_apart

SUFFIX = ".py"
T = TypeVar("T")


def is_file(kind: str) -> bool:
    """Whether `kind` has the form `path/to/file.py[:name]`."""
    return kind.endswith(SUFFIX) or f"{SUFFIX}:" in kind


def file_of(kind: str) -> Path | None:
    """The file that such a `kind` names; `None` if it is another."""
    return _split(kind)[0] if is_file(kind) else None


def _split(reference: str) -> tuple[Path, str]:
    stem, suffix, name = reference.partition(f"{SUFFIX}:")
    return Path(stem + SUFFIX if suffix else reference), name


def source_in(reference: str) -> ToolProtocol:
    """The source that `path/to/file.py[:name]` means; without a name, the only one there.

    A file without a `Toolbox` may just mark functions with `toolyard.tool`.

    Raises:
        ConfigError: There is no such file, it fails, or it holds no source or several.
    """
    file = UserFile(reference)
    found = file.chosen(_is_source, "source of tools", "sources")
    return _marked(file.module, file.path) if found is None else found


class UserFile:
    """A file of the user's, which is run once.

    Args:
        reference: `path/to/file.py[:name]`.

    Raises:
        ConfigError: There is no such file, or it fails.
    """

    def __init__(self, reference: str) -> None:
        self.path, self._name = _split(reference)
        if not os.path.isfile(self.path):  # unlike the method, it bears any text at all
            raise ConfigError(f"There is no file {str(self.path)!r}.")
        self.module = _run(self.path)

    def chosen(self, is_one: Callable[[object], TypeGuard[T]], what: str, several: str) -> T | None:
        """What the reference names; without a name the only one there, `None` if there is none.

        Args:
            is_one: Whether something is of the kind that is looked for.
            what: What that is called.
            several: What many of them are called.

        Raises:
            ConfigError: It names nothing of the kind, or there are several.
        """
        if self._name:
            named = vars(self.module).get(self._name)
            if is_one(named):
                return named
            there = ", ".join(self._all(is_one)) or "none"
            raise ConfigError(f"{self.path.name} has no {what} {self._name!r}; there are: {there}.")
        found = self._all(is_one)
        if len(found) > 1:
            name = self.path.name
            raise ConfigError(
                f"{name} has several {several}; say which: {name}:NAME ({', '.join(found)})."
            )
        return next(iter(found.values()), None)

    def _all(self, is_one: Callable[[object], TypeGuard[T]]) -> Mapping[str, T]:
        """Those made in the file, each once, by the first name it has there."""
        seen: dict[int, str] = {}
        found: dict[str, T] = {}
        for name, thing in vars(self.module).items():
            if is_one(thing) and id(thing) not in seen:
                seen[id(thing)] = name
                found[name] = thing
        return found


class FileFailed(ConfigError):
    """Running a file of the user's raised something, whose text may hold anything."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
        """The same without that text: the file, the line and the kind of the error."""


class _Source(SourceFileLoader):
    """Reads the file itself: bytecode passes for its own while an edit keeps second and size."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _run(path: Path) -> ModuleType:
    name, file = f"toolyard_user_{path.stem}", str(path.resolve())
    spec = importlib.util.spec_from_file_location(name, file, loader=_Source(name, file))
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path.name} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    own = os.path.dirname(file)
    sys.path[:] = [own, *(each for each in sys.path if each != own)]
    try:
        with results_apart():
            spec.loader.exec_module(module)
    except KeyboardInterrupt:  # the user's doing, not the file's
        raise
    except BaseException as error:  # whatever the user's file does is told as its doing
        raise failure(path, error) from error
    return module


def failure(path: Path, error: BaseException) -> ConfigError:
    """The error and the line of the user's file, or of what it imports, at which it came up."""
    if isinstance(error, SyntaxError):
        file = Path(error.filename or path).name
        return ConfigError(f"{file}, line {error.lineno}: {type(error).__name__}: {error.msg}.")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if Path(frame.filename) == path.resolve()]
    where = f", line {own[-1]}" if own else ""
    kind = f"{path.name}{where}: {type(error).__name__}"
    return FileFailed(f"{kind}: {_text(error)}".rstrip(": "), kind)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an error of the user's own may fail to say what it is
        return ""


def _marked(module: ModuleType, path: Path) -> Toolbox:
    """The functions that are marked as tools, each once."""
    toolbox = Toolbox()
    marked = {id(thing): thing for thing in vars(module).values() if _is_marked(thing)}
    if not marked:
        raise ConfigError(f"{path.name} offers no tools; make a Toolbox or mark a function @tool.")
    for function in marked.values():
        try:
            toolbox.add(function)
        except (InvalidTool, NameClash) as error:
            line = inspect.unwrap(function).__code__.co_firstlineno
            raise ConfigError(f"{path.name}, line {line}: {error}") from error
    return toolbox


def _is_source(thing: object) -> TypeGuard[ToolProtocol]:
    return is_a(thing, ToolProtocol) and not is_a(thing, type)


def _is_marked(thing: object) -> TypeGuard[FunctionType]:
    return is_a(thing, FunctionType) and options_of(thing) is not None


def is_a(thing: object, kind: type[T]) -> TypeGuard[T]:
    """Whether a thing in somebody's file is a `kind`."""
    try:
        return isinstance(thing, kind)
    except Exception:  # a stand-in that is bound to nothing yet does not say what it is
        return False
