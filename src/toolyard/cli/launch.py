"""From the arguments of `toolyard serve` to a server that runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from toolyard.cli.banner import Banner
from toolyard.config.origin import Edition, Origin
from toolyard.config.places import argument_of
from toolyard.config.settings import Settings, TokenSettings
from toolyard.core.context import ADMIN, EVERYTHING
from toolyard.core.errors import ConfigError
from toolyard.wiring.serving import run
from toolyard.wiring.tokens import new_token as make_token

OF_BOTH = frozenset({"name", "stdio", "instructions", "mcp_servers", "tools", "control", "watch"})
"""The options that also mean something over stdio; all others are about the network."""
LIMITS_OF_BOTH = frozenset({"call_s", "concurrency", "connections", "page_size"})
WORKER = "toolyard.cli.worker"
"""The program of a worker."""


def launch(origin: Origin, edition: Edition, *, new_token: bool, as_json: bool) -> None:
    """Serve what `edition`, which `origin` gave, says until told to end.

    Raises:
        ToolyardError: The settings cannot be used, or a source cannot be started.
    """
    settings, secret = edition.settings, None
    if settings.stdio:
        _refuse_idle(origin.arguments, new_token=new_token, as_json=as_json)
    if new_token:
        secret, settings = _with_new_token(settings)
    show = Banner(settings, secret, as_json=as_json).show
    if settings.workers == 1 or settings.stdio:
        run(settings, show, origin, edition)
    else:
        _run_workers(settings, show, origin, edition)


def _run_workers(
    settings: Settings, show: Callable[[str], None], origin: Origin, edition: Edition
) -> None:
    if sys.platform == "win32":
        raise ConfigError("Several workers need Linux or macOS; leave --workers out here.")
    # Loaded here, as it needs what Windows does not have.
    from toolyard.wiring.workers import run_workers

    # With -P, as a file of the user's here might have the name of a module.
    run_workers(settings, show, origin, edition, [sys.executable, "-P", "-m", WORKER])


def _refuse_idle(arguments: Mapping[str, Any], *, new_token: bool, as_json: bool) -> None:
    """Nobody may think that an argument guards or changes what it does not.

    A file and the environment may say it all: they serve both ways.
    """
    asked = {"--new-token": new_token, "--json": as_json}
    idle = [*_about_the_network(arguments), *(name for name, given in asked.items() if given)]
    if idle:
        verb = "is" if len(idle) == 1 else "are"
        raise ConfigError(
            f"{', '.join(idle)} {verb} for HTTP; over stdio only the host that started the server "
            "speaks to it."
        )


def _about_the_network(arguments: Mapping[str, Any]) -> Iterator[str]:
    """The arguments that mean nothing over stdio, as they were typed."""
    for name, value in arguments.items():
        if name in ("limits", "tls"):
            known = LIMITS_OF_BOTH if name == "limits" else ()
            yield from (argument_of((name, key), arguments) for key in value if key not in known)
        elif name not in OF_BOTH:
            yield argument_of((name,), arguments)


def _with_new_token(settings: Settings) -> tuple[str, Settings]:
    """A fresh token, and the settings that accept it besides their own.

    It may do everything; also change what is served, where that can be changed.
    """
    secret, _ = make_token("new", (EVERYTHING,))
    if not settings.control:
        return secret, settings.model_copy(update={"token": [*settings.token, SecretStr(secret)]})
    token = TokenSettings.model_validate({"secret": secret, "scopes": [EVERYTHING, ADMIN]})
    return secret, settings.model_copy(update={"tokens": [*settings.tokens, token]})
