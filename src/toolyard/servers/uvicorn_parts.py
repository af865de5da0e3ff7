"""What a server takes of uvicorn, without uvicorn's command line.

Importing uvicorn also loads its command, with click, reloaders and `multiprocessing`: some 2 MB
that every server would keep. While it is imported here, a stand-in is in the command's place.
Whoever asks uvicorn for it later gets the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from toolyard.core.stand_in import load_later, stand_in

_COMMAND = "uvicorn.main"
_LOGGING = "logging.config"
"""Needed by those who have uvicorn set up their logging; it brings `socketserver` and `pickle`."""
_LATER = object()


def _import_without_command() -> None:
    later = stand_in(_COMMAND, __getattr__=lambda name: _LATER)  # pyright: ignore[reportUnknownLambdaType]
    with later, stand_in(_LOGGING):
        uvicorn = import_module("uvicorn")
    load_later(_LOGGING)
    names = [name for name, value in vars(uvicorn).items() if value is _LATER]
    for name in names:
        delattr(uvicorn, name)
    _give_later(uvicorn, names)


def _give_later(uvicorn: ModuleType, names: Sequence[str]) -> None:
    def get(name: str) -> Any:
        if not name.startswith("_"):  # which is asked by those who only look at modules
            command = import_module(_COMMAND)
            vars(uvicorn).update({each: getattr(command, each) for each in names})
            if name in vars(uvicorn):
                return vars(uvicorn)[name]
        raise AttributeError(f"module {uvicorn.__name__!r} has no attribute {name!r}")

    vars(uvicorn)["__getattr__"] = get


if "uvicorn" not in sys.modules:
    _import_without_command()

from uvicorn.config import Config as Config  # noqa: E402 (only after the above)
from uvicorn.protocols.http.httptools_impl import (  # noqa: E402
    HttpToolsProtocol as HttpToolsProtocol,
)
from uvicorn.protocols.http.httptools_impl import (  # noqa: E402
    RequestResponseCycle as RequestResponseCycle,
)
from uvicorn.server import Server as Server  # noqa: E402
