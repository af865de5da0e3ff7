"""The `toolyard` command: what it knows, and how its errors become exit codes."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Annotated, Never, cast

import typer

from toolyard.cli import calling, diagnosis, hosting, importing, serving, tokens, yard
from toolyard.cli.commands import Command, Group
from toolyard.cli.terminal import (
    STDOUT,
    give_up,
    open_standard_streams,
    say,
    tolerate_any_letter,
    write,
)
from toolyard.core.errors import (
    ConfigError,
    InvalidTool,
    NameClash,
    NotAdmitted,
    ToolyardError,
    Unreachable,
)
from toolyard.core.worker_thread import busy_threads
from toolyard.version import __version__

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it of SIGINT."""

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
token = typer.Typer(cls=Group, no_args_is_help=True, help="Make bearer tokens.")
token.command("new", cls=Command, epilog=tokens.EXAMPLES)(tokens.new)
app.command("serve", cls=Command, epilog=serving.EXAMPLES)(serving.serve)
app.command("tools", cls=Command, epilog=calling.TOOLS_EXAMPLES)(calling.tools)
app.command("call", cls=Command, epilog=calling.CALL_EXAMPLES)(calling.call)
app.command("doctor", cls=Command, epilog=diagnosis.EXAMPLES)(diagnosis.doctor)
app.command("host-config", cls=Command, epilog=hosting.EXAMPLES)(hosting.host_config)
app.command("import", cls=Command, epilog=importing.EXAMPLES)(importing.import_servers)
app.add_typer(yard.app, name="yard")
app.add_typer(token, name="token")


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"toolyard {__version__}")
        raise typer.Exit


@app.callback()
def about(
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


def exit_code(error: ToolyardError) -> int:
    """The number a script sees for `error`."""
    if isinstance(error, ConfigError | InvalidTool | NameClash):
        return 2
    if isinstance(error, NotAdmitted):
        return 3
    return 4 if isinstance(error, Unreachable) else 1


def _first(error: Exception) -> Exception:
    """What ended a group of tasks; `error` itself if it is no group."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error


def _told(error: Exception) -> int:
    """Say what happened; the exit code for it."""
    if isinstance(error, ToolyardError):
        say(str(error), style="red")
        return exit_code(error)
    if isinstance(error, OSError):  # help and the protocol are not written by us
        give_up(STDOUT)
        reason = error.strerror or type(error).__name__
        say(f"Something cannot be read or written: {reason}.", style="red")
        return 2
    raise error


def _leave() -> Never:
    """End at once after an interrupt: a function that blocks in a thread would never let us."""
    main = threading.main_thread()
    others = (thread for thread in threading.enumerate() if thread is not main)
    if busy_threads() or any(not thread.daemon for thread in others):
        logging.shutdown()
        os._exit(INTERRUPTED)
    sys.exit(INTERRUPTED)


def main() -> None:
    """Run the command line; never shows a traceback for what went wrong as foreseen."""
    open_standard_streams()
    tolerate_any_letter()
    try:
        app()
    except (ToolyardError, OSError, ExceptionGroup) as error:
        sys.exit(_told(_first(error)))
    except KeyboardInterrupt:
        _leave()
    except SystemExit as ended:  # what an interrupt of a command becomes
        if ended.code == INTERRUPTED:
            _leave()
        raise


if __name__ == "__main__":
    main()
