"""From the arguments of `toolyard serve` to a server that runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from toolyard.cli.banner import Banner
from toolyard.config.loading import load
from toolyard.config.settings import Settings
from toolyard.core.errors import ConfigError
from toolyard.wiring.serving import run
from toolyard.wiring.tokens import new_token as make_token


def launch(
    file: Path | None, arguments: Mapping[str, Any], *, new_token: bool, as_json: bool
) -> None:
    """Serve until told to end.

    Raises:
        ToolyardError: The settings cannot be used, or a source cannot be started.
    """
    settings = load(file, arguments)
    secret = None
    if new_token:
        secret, settings = _with_new_token(settings)
    run(settings, Banner(settings, secret, as_json=as_json).show)


def _with_new_token(settings: Settings) -> tuple[str, Settings]:
    """A fresh token, and the settings that accept it besides their own."""
    if settings.stdio:
        raise ConfigError("--new-token is for HTTP; over --stdio nobody is asked for a token.")
    secret, _ = make_token("new", ("*",))
    return secret, settings.model_copy(update={"token": [*settings.token, SecretStr(secret)]})
