"""A kind, a URL or a command becomes a source of tools."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from toolyard.builtin_tools.calculator import Calculator
from toolyard.clients.answers import Answer
from toolyard.clients.mcp_client import MCPClient
from toolyard.clients.targets import StdioServer
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.wiring.user_file import source_in

KINDS: Mapping[str, Callable[..., ToolProtocol]] = {"calculator": Calculator}
STDIO = "stdio:"


def source_of(name: str, settings: ToolSettings) -> ToolProtocol:
    """The source that one `[tools.NAME]` describes.

    Raises:
        ConfigError: The kind is unknown, an option of it is, or a secret is missing.
    """
    if settings.url is not None:
        headers = {key: value.get_secret_value() for key, value in settings.headers.items()}
        return MCPClient(settings.url, token=_token(name, settings), headers=headers)
    if settings.command is not None:
        return MCPClient(StdioServer(settings.command, settings.env, settings.cwd))
    return _built(name, settings.kind or "", settings.options)


def _built(name: str, kind: str, options: Mapping[str, Any]) -> ToolProtocol:
    if ".py" in kind:
        if options:
            raise ConfigError(f"{name!r} is a file of yours; it takes no options.")
        return source_in(kind)
    make = KINDS.get(kind)
    if make is None:
        known = ", ".join(KINDS)
        raise ConfigError(
            f"There is no kind {kind!r}; there are {known}, or path/to/file.py[:name]."
        )
    try:
        inspect.signature(make).bind(**options)
    except TypeError:
        known = ", ".join(inspect.signature(make).parameters) or "none"
        given = ", ".join(options)
        raise ConfigError(f"{kind!r} does not take the options {given}; it has: {known}.") from None
    return make(**options)


def _token(name: str, settings: ToolSettings) -> str | None:
    if settings.token_env is not None:
        return from_environment(settings.token_env, f"the token of {name!r}")
    return _plain(settings.token)


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def from_environment(variable: str, what: str) -> str:
    """The value of a variable that must be set, for `what`."""
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"Set {variable} in the environment to {what}.")
    return value


def target_of(
    text: str, settings: Settings, token: str | None, answer: Answer | None = None
) -> ToolProtocol:
    """What a command line means by TARGET: a URL, `stdio:COMMAND ARGS`, or a configured name.

    Raises:
        ConfigError: It is none of these.
    """
    if text.startswith(STDIO):
        return MCPClient(StdioServer(shlex.split(text.removeprefix(STDIO))), answer=answer)
    if "://" in text:
        return MCPClient(text, token=token, answer=answer)
    if text in settings.tools:
        return source_of(text, settings.tools[text])
    known = ", ".join(settings.tools)
    hint = f" The configured ones are: {known}." if known else ""
    raise ConfigError(f"{text!r} is not a URL, not stdio:COMMAND, and not configured.{hint}")
