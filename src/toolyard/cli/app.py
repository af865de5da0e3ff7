"""The commands of `toolyard`, each loaded when it is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from toolyard.cli.commands import Command, Group
from toolyard.cli.terminal import write
from toolyard.version import __version__

COMMANDS: Mapping[str, tuple[str, str, str | None]] = {
    "serve": ("serving", "serve", "EXAMPLES"),
    "tools": ("calling", "tools", "TOOLS_EXAMPLES"),
    "call": ("calling", "call", "CALL_EXAMPLES"),
    "ask": ("asking", "ask", "ASK_EXAMPLES"),
    "batch": ("asking", "batch", "BATCH_EXAMPLES"),
    "chat": ("chatting", "chat", "EXAMPLES"),
    "models": ("model_list", "models", "EXAMPLES"),
    "doctor": ("diagnosis", "doctor", "EXAMPLES"),
    "host-config": ("hosting", "host_config", "EXAMPLES"),
    "import": ("importing", "import_servers", "EXAMPLES"),
    "yard": ("yard", "app", None),
    "team": ("team", "app", None),
    "runs": ("runs", "app", None),
    "thoughts": ("thoughts", "app", None),
    "token": ("tokens", "app", None),
}
"""Where each is, and the examples below its help; what has none has commands of its own."""


def app_for(words: Sequence[str]) -> typer.Typer:
    """The command line, as far as `words` need it: where the first names no command, all of it."""
    app = typer.Typer(
        cls=Group,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Tools on the network in one command, and a way to call them.",
        epilog="Exit codes: 0 done, 1 the tool answered with an error, 2 wrong usage, "
        "3 not allowed in, 4 not reachable.",
    )
    app.callback()(_about)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        home, attribute, lines = COMMANDS[name]
        module: Any = import_module(f"toolyard.cli.{home}")
        if lines is None:
            app.add_typer(getattr(module, attribute), name=name)
        else:
            epilog = getattr(module, lines)
            app.command(name, cls=Command, epilog=epilog)(getattr(module, attribute))
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"toolyard {__version__}")
        raise typer.Exit


def _about(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Say which this is.",
        ),
    ] = False,
) -> None:
    """Tools on the network in one command, and a way to call them."""
    del version
