"""The settings of a named file, or of the toolyard.toml here once the user approved it.

Nobody has asked for a file that merely lies here: it may have come with someone else's
repository, and it says what to start and where to send tokens, itself or by naming files of hosts.
"""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolyard.cli.terminal import say
from toolyard.config.approvals import approve
from toolyard.config.imports import HostFile
from toolyard.config.origin import Edition, Origin
from toolyard.config.settings import Settings, ToolSettings
from toolyard.config.target import command_in, is_url
from toolyard.core.errors import ConfigError

HERE = Path("toolyard.toml")


def settings_for(target: str, config: Path | None) -> Settings | None:
    """The settings in which `target` is a name; `None` if it says itself what it is.

    Raises:
        ConfigError: As `settings_here`, or `target` has no command after `stdio:`.
    """
    if command_in(target) is not None or is_url(target):
        return None
    return settings_here(config)


def settings_here(config: Path | None, arguments: Mapping[str, Any] | None = None) -> Settings:
    """The settings of `config`, or else of the toolyard.toml that is here.

    Raises:
        ConfigError: The settings cannot be used, or the user does not approve the file.
    """
    return edition_here(config, arguments)[1].settings


def edition_if_any(config: Path | None, *, no_tools: bool) -> tuple[Origin, Edition] | None:
    """As `edition_here`; `None` if no tools are wanted, or no file says any."""
    return None if no_tools or not (config or HERE.is_file()) else edition_here(config)


def edition_here(
    config: Path | None, arguments: Mapping[str, Any] | None = None
) -> tuple[Origin, Edition]:
    """As `settings_here`, with where they come from."""
    is_found = config is None and HERE.is_file()
    origin = Origin(HERE if is_found else config, arguments or {}, must_be_approved=is_found)
    edition = origin.read()  # once: what is shown and approved is what is used
    if not origin.approves(edition):
        _ask(_consequences(edition.text, edition.written, edition.theirs))
        _remember(edition.whole)
    return origin, edition


def _ask(consequences: Iterator[str]) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            f"You have not approved the {HERE.name} that is here, or not as it is now; it may come "
            f"from someone else. If you trust it, say --config {HERE.name}, or approve it at a "
            "terminal."
        )
    say(f"{HERE.absolute()} is new, or not as you approved it. With it, toolyard may:", style="")
    for line in consequences:
        say(f"  {line}", style="")
    if not _confirmed():
        raise ConfigError(f"{HERE.name} is not approved, so nothing of it is used.")


def _confirmed() -> bool:
    from rich.prompt import Confirm

    from toolyard.cli.consoles import ERR

    try:
        return Confirm.ask("Do you trust this file?", console=ERR, default=False)
    except EOFError:
        return False


def _remember(whole: str) -> None:
    try:
        approve(HERE, whole)
    except OSError:
        say(
            "This is not remembered, so you will be asked again: toolyard/approved in your state "
            "directory has to be a file that only you can write."
        )


def _consequences(text: str, settings: Settings, files: Sequence[HostFile]) -> Iterator[str]:
    """A line for each source of tools, and one for what else the file sets."""
    for name, tool in settings.tools.items():
        yield f"{_visible(name)}: {_consequence(tool)}"
    for file in files:
        for server in file.servers:  # with references as they are written, not what they hold
            tool = ToolSettings.model_validate(server.table)
            read = "".join(f", giving it {name}" for name in server.variables())
            yield f"{server.name} of {_visible(file.name)}: {_consequence(tool)}{read}"
    others = sorted(tomllib.loads(text).keys() - {"tools"})
    if others:
        yield f"set {', '.join(map(_visible, others))}"


def _consequence(tool: ToolSettings) -> str:
    if tool.command is not None:
        env = [f"{name}={value}" for name, value in tool.env.items()]
        where = "" if tool.cwd is None else f" in {_visible(str(tool.cwd))}"
        return f"start {' '.join(map(_visible, [*env, *tool.command]))}{where}"
    if tool.url is not None:
        return f"call {_visible(tool.url)} {_credentials(tool)}"
    return f"run {_visible(tool.kind or '')}"


def _credentials(tool: ToolSettings) -> str:
    if tool.token_env is not None:
        return f"with the token in {_visible(tool.token_env)}"
    if tool.token is not None or tool.headers:
        return "with credentials in the file"
    return "with a token that you give"


def _visible(word: str) -> str:
    """`word` as a shell takes it, in one line and with nothing hidden."""
    return shlex.quote(word) if word.isprintable() else repr(word)
