"""The `toolyard` command: how it begins, and how its errors become exit codes."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Sequence
from typing import Never

from toolyard.cli.standard_streams import (
    STDOUT,
    give_up,
    open_standard_streams,
    tolerate_any_letter,
)
from toolyard.cli.terminal import say, write
from toolyard.core.errors import (
    ConfigError,
    InvalidTool,
    KeyRefused,
    ModelUnreachable,
    NameClash,
    NotAdmitted,
    StoreUnavailable,
    ToolyardError,
    Unreachable,
)
from toolyard.core.groups import first_of
from toolyard.core.worker_thread import busy_threads
from toolyard.version import __version__

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it of SIGINT."""


def exit_code(error: ToolyardError) -> int:
    """The number a script sees for `error`."""
    if isinstance(error, ConfigError | InvalidTool | NameClash):
        return 2
    if isinstance(error, NotAdmitted | KeyRefused):
        return 3
    return 4 if isinstance(error, Unreachable | ModelUnreachable | StoreUnavailable) else 1


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


def _run(words: Sequence[str]) -> None:
    if words == ["--version"]:  # is asked for often, and needs nothing of the rest
        write(f"toolyard {__version__}")
        return
    if words[:1] == ["serve"]:
        # A server would keep what typer takes, in memory and in time to start: it is loaded only
        # for words that are not plain.
        from toolyard.cli.plain_words import parameters_in
        from toolyard.cli.starting import start

        parameters = parameters_in(words[1:])
        if parameters is not None:
            start(parameters)
            return
    from toolyard.cli.app import app_for

    app_for(words)()


def main() -> None:
    """Run the command line; never shows a traceback for what went wrong as foreseen."""
    open_standard_streams()
    tolerate_any_letter()
    try:
        _run(sys.argv[1:])
    except (ToolyardError, OSError, ExceptionGroup) as error:
        sys.exit(_told(first_of(error)))
    except KeyboardInterrupt:
        _leave()
    except SystemExit as ended:  # what an interrupt of a command becomes
        if ended.code == INTERRUPTED:
            _leave()
        raise


if __name__ == "__main__":
    main()
