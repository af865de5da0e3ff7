"""A kind, a URL or a command becomes a source of tools."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from toolyard.config.settings import Settings, ToolSettings
from toolyard.config.target import command_in, is_url
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.wiring.user_file import is_file, source_in

if TYPE_CHECKING:
    from toolyard.clients.answers import Answer
    from toolyard.clients.targets import StdioServer

KINDS: Mapping[str, tuple[str, str]] = {
    "bash": ("wiring.bash_kind", "bash_of"),
    "calculator": ("builtin_tools.calculator", "Calculator"),
    "filesystem": ("builtin_tools.filesystem.file_system", "FileSystem"),
    "http": ("wiring.http_kind", "http_client"),
    "image": ("wiring.images", "image_source"),
    "memory": ("wiring.memory", "memory_of"),
    "openapi": ("wiring.openapi_kind", "openapi_client"),
}
"""Where what makes a kind is: it is loaded once one of the kind is made."""
_OPTIONS: Mapping[str, str] = {
    "bash": "BashOptions",
    "http": "HttpOptions",
    "openapi": "OpenAPIOptions",
}
"""What says there which options a kind has, where that is not what makes it."""


def source_of(
    name: str,
    settings: ToolSettings,
    token: str | None = None,
    answer: Answer | None = None,
    *,
    patient: bool = False,
) -> ToolProtocol:
    """The source that one `[tools.NAME]` describes.

    Args:
        name: What messages call it.
        settings: Its table.
        token: For a URL whose table says none.
        answer: Answers what a remote server asks.
        patient: Whether a remote server may be away at the start.

    Raises:
        ConfigError: The kind is unknown, an option of it is, or a secret is missing.
    """
    if settings.url is not None:
        from toolyard.clients.mcp_client import MCPClient

        headers = {key: value.get_secret_value() for key, value in settings.headers.items()}
        own = token_of(name, settings) or (None if headers else token)
        return MCPClient(settings.url, token=own, headers=headers, answer=answer, patient=patient)
    if settings.command is not None:
        from toolyard.clients.mcp_client import MCPClient

        return MCPClient(process_of(settings), answer=answer, patient=patient)
    return _built(name, settings.kind or "", settings.options)


def process_of(settings: ToolSettings) -> StdioServer:
    """The server that the `command` of a table starts."""
    from toolyard.clients.targets import StdioServer

    return StdioServer(settings.command or (), settings.env, settings.cwd)


def _built(name: str, kind: str, options: Mapping[str, Any]) -> ToolProtocol:
    if is_file(kind):
        if options:
            raise ConfigError(f"{name!r} is a file of yours; it takes no options.")
        return source_in(kind)
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise ConfigError(
            f"There is no kind {kind!r}; there are {known}, or path/to/file.py[:name]."
        )
    place, maker = KINDS[kind]
    home = import_module(f"toolyard.{place}")
    known = inspect.signature(getattr(home, _OPTIONS.get(kind, maker))).parameters
    _check_options(kind, known, options)
    return getattr(home, maker)(**options)


def _check_options(
    kind: str, known: Mapping[str, inspect.Parameter], given: Mapping[str, Any]
) -> None:
    unknown = ", ".join(name for name in given if name not in known)
    if unknown:
        names = ", ".join(known) or "none"
        raise ConfigError(f"{kind!r} does not take the options {unknown}; it has: {names}.")
    required = (name for name, each in known.items() if each.default is each.empty)
    missing = next((name for name in required if name not in given), None)
    if missing is not None:
        raise ConfigError(
            f"{kind!r} needs the option {missing!r}: say it under `options` or with "
            f"--set {kind}.{missing}=..."
        )


def token_of(name: str, settings: ToolSettings) -> str | None:
    """The token that a table says, itself or by the name of a variable."""
    if settings.token_env is not None:
        return from_environment(settings.token_env, f"the token of {name!r}")
    return None if settings.token is None else settings.token.get_secret_value()


def from_environment(variable: str, what: str) -> str:
    """The value of a variable that must be set, for `what`."""
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"Set {variable} in the environment to {what}.")
    return value


def target_of(
    target: str, settings: Settings | None, token: str | None, answer: Answer | None = None
) -> ToolProtocol:
    """What a command line means by TARGET: a URL, `stdio:COMMAND ARGS`, or a name in `settings`.

    Raises:
        ConfigError: It is none of these.
    """
    command = command_in(target)
    if command is None and not is_url(target):
        return source_of(target, configured(target, settings), token, answer)
    from toolyard.clients.mcp_client import MCPClient
    from toolyard.clients.targets import StdioServer

    if command is not None:
        return MCPClient(StdioServer(command), answer=answer)
    return MCPClient(target, token=token, answer=answer)


def configured(name: str, settings: Settings | None) -> ToolSettings:
    """The table `[tools.NAME]`; `ConfigError` if there is none."""
    tools = {} if settings is None else settings.tools
    if name in tools:
        return tools[name]
    known = ", ".join(tools)
    hint = f" The configured ones are: {known}." if known else ""
    raise ConfigError(f"{name!r} is not a URL, not stdio:COMMAND, and not configured.{hint}")
