"""What a started server shows: where it is, its token, and lines to paste into a host."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from toolyard.cli.standard_streams import Unread
from toolyard.cli.terminal import is_terminal, say, write, write_json
from toolyard.config.hosts import TOKEN_VARIABLE, HostEntry, claude_code_command
from toolyard.config.settings import Settings
from toolyard.core.errors import ConfigError
from toolyard.core.printable import printable

_Pairs = Sequence[tuple[str, str]]
_UNFIT_FOR_HOSTS = re.compile(r"[^A-Za-z0-9_-]")


def program_name() -> str:
    """What to type for `toolyard`: as it was started, where its folder is not on the PATH."""
    started = sys.argv[0]
    if Path(started).name != "toolyard" or _is_on_path("toolyard"):
        return "toolyard"
    return started


def _is_on_path(program: str) -> bool:
    """As `shutil.which`, which loads three ways to compress into every server."""
    files = (os.path.join(folder, program) for folder in os.get_exec_path())
    return any(os.path.isfile(file) and os.access(file, os.X_OK) for file in files)


class Banner:
    """Shown once, when the server accepts calls."""

    def __init__(self, settings: Settings, secret: str | None, *, as_json: bool) -> None:
        self._settings = settings
        self._secret = secret
        self._as_json = as_json

    def show(self, url: str) -> None:
        """Say where the server is; the token only if it was made for this run."""
        try:
            self._show(url)
        except ConfigError as error:  # it serves, whether or not somebody can read where
            say(str(error), style="red")
        except Unread:
            say("Nobody reads standard output.", style="red")

    def _show(self, url: str) -> None:
        if self._as_json:
            write_json({"url": url, "token": self._secret})
            return
        facts, commands = self._facts(url), self._commands(url)
        name = printable(self._settings.name)
        if is_terminal(sys.stdout):
            _draw(name, facts, commands)
        else:  # nobody looks at a frame in a file, and what draws it takes time to load
            lines = [f"{what:7}{value}" for what, value in (("Name", name), *facts)]
            for heading, command in commands:
                lines += ["", heading, f"  {command}"]
            write("\n".join(lines))

    def _facts(self, url: str) -> list[tuple[str, str]]:
        tools = ", ".join(name for name, tool in self._settings.tools.items() if tool.enabled)
        facts = [("URL", url), ("Tools", printable(tools))]
        return facts if self._secret is None else [*facts, ("Token", self._secret)]

    def _commands(self, url: str) -> list[tuple[str, str]]:
        name = _UNFIT_FOR_HOSTS.sub("-", self._settings.name).strip("-")[:32] or "toolyard"
        entry = HostEntry(name, url=url, token_env=TOKEN_VARIABLE if self._is_guarded() else None)
        auth = "" if self._is_guarded() else " --no-token"
        program = program_name()
        host_config = f"{program} host-config cursor {url} --name {name}{auth}"
        commands = [
            ("Try it", f"{program} tools {url}"),
            ("Add it to Claude Code, in a project", claude_code_command(entry)),
            ("Other hosts: claude-code, cursor, vscode", host_config),
        ]
        if self._is_guarded():
            token = self._secret or "..."
            commands.insert(
                0, ("First, where you call it from", f"export {TOKEN_VARIABLE}={token}")
            )
        return commands

    def _is_guarded(self) -> bool:
        settings = self._settings
        return any((settings.token, settings.tokens, settings.token_file, settings.jwt))


def _draw(
    title: str, facts: Sequence[tuple[str, str]], commands: Sequence[tuple[str, str]]
) -> None:
    from rich.panel import Panel
    from rich.text import Text

    from toolyard.cli.consoles import show

    framed = Text("\n").join(
        Text.assemble((f"{name:7}", "dim"), (value, "" if name == "Tools" else "bold"))
        for name, value in facts
    )
    show(Panel(framed, title=Text(title), expand=False))
    for heading, command in commands:
        show(f"\n{heading}", style="dim", markup=False)
        # Outside the panel and in one line, however long, so that it can be pasted.
        show(f"  {command}", markup=False, soft_wrap=True)
