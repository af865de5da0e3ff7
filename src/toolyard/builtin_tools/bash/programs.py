"""The programs that may be run without a shell, each with the options that it may be given.

A list makes mistakes less likely. It is no boundary: that is the isolation.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence

from toolyard.builtin_tools.bash.surroundings import PATH
from toolyard.core.errors import ConfigError, ToolError

_OPTION = re.compile(r"--?[A-Za-z0-9?][A-Za-z0-9_-]*=?|--")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_SPECIAL = frozenset("|&;<>()$`\\*?[]{}~#\n\r\0")
_SPECIAL_IN_QUOTES = frozenset("$`")
_BLANK = frozenset(" \t")


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


RUN_OTHERS = _set(
    "ash at awk bash batch bsdtar busybox bwrap capsh choom chroot chrt csh dash dc doas docker "
    "ed emacs env ex expect fish flock gawk gdb git ionice irb java ksh less lua m4 make man "
    "mawk more nano nawk nice node nohup npm npx nsenter parallel perl php pip pkexec podman "
    "prlimit python python2 python3 rsync ruby runuser screen script sed setarch setpriv setsid "
    "sh socat sqlite3 ssh start-stop-daemon stdbuf strace su sudo systemd-run tar taskset tclsh "
    "tcsh time timeout tmux unshare vi view vim watch xargs zip zsh"
)
"""Programs that run or change whatever their arguments say: with one of them a list is none.

`tar` too: its first argument holds options without a dash.
"""
RUN_OTHERS_WITH: Mapping[str, frozenset[str]] = {
    "find": _set("-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls"),
    "fd": _set("-x -X --exec --exec-batch"),
    "rg": _set("--pre --hostname-bin"),
    "sort": _set("-o --output --compress-program -T --temporary-directory"),
    "split": _set("--filter"),
    "tree": _set("-o -R"),
}
"""Options with which otherwise harmless programs do so."""


class Programs:
    """Reads a command line as a shell would, refuses what only a shell could do, and checks it.

    Args:
        allowed: For each program, by its name, the options it may have: `-l`, `--all`, and with
            `=` at the end those that take a value, `--lines=` or `-n=`.

    Raises:
        ConfigError: A program is not there or runs others, or an option is malformed.
    """

    def __init__(self, allowed: Mapping[str, Sequence[str]]) -> None:
        if not allowed:
            raise ConfigError("programs: name at least one program.")
        self._options = {name: _options(name, given) for name, given in allowed.items()}
        self._paths = {name: _found(name) for name in allowed}

    @property
    def summary(self) -> str:
        """The programs and their options, for a model."""
        return "; ".join(" ".join([name, *options]) for name, options in self._options.items())

    def argv(self, command: str | Sequence[str]) -> list[str]:
        """The program's path and its arguments.

        Raises:
            ToolError: It is not allowed; the text says what is.
        """
        words = list(_words(command)) if isinstance(command, str) else list(command)
        if not words:
            raise ToolError("The command is empty.")
        name, *arguments = words
        path = self._paths.get(name)
        if path is None:
            raise ToolError(
                f"{name[:80]!r} is no program that may be run: {', '.join(self._paths)}."
            )
        for argument in arguments:
            self._check(name, argument)
        return [path, *arguments]

    def _check(self, program: str, argument: str) -> None:
        if "\0" in argument:
            raise ToolError("An argument holds a NUL character.")
        value = argument
        if argument.startswith("-") and argument != "-":
            value = _value(argument, self._options[program])
            if value is None:
                known = " ".join(self._options[program]) or "none"
                raise ToolError(
                    f"{program} may not be given {argument[:80]!r}. Its options are: {known}; "
                    "write them just like that."
                )
        if value.startswith("/") or ".." in value.split("/"):
            raise ToolError(
                f"{argument[:80]!r} leads out of the working directory: give a path below it."
            )


def _options(program: str, given: Sequence[str]) -> tuple[str, ...]:
    if not _NAME.fullmatch(program):
        raise ConfigError(f"programs: {program!r} is no name of a program.")
    if program in RUN_OTHERS or re.fullmatch(r"(python|perl|ruby|lua|php|node)[\d.]*", program):
        raise ConfigError(
            f"programs: {program!r} runs whatever its arguments say, so a list with it is none; "
            "leave it out, or leave `programs` out and rely on the isolation."
        )
    if isinstance(given, str):
        raise ConfigError(f"programs: the options of {program!r} are a list.")
    for option in given:
        if not _OPTION.fullmatch(option):
            raise ConfigError(f"programs: {option!r} of {program!r} is no option, such as -l.")
        if option.rstrip("=") in RUN_OTHERS_WITH.get(program, ()):
            raise ConfigError(
                f"programs: with {option!r}, {program!r} writes files or runs other programs."
            )
    return tuple(given)


def _found(program: str) -> str:
    path = shutil.which(program, path=PATH)
    if path is None:
        raise ConfigError(f"programs: there is no {program!r} among the system's programs.")
    return path


def _value(option: str, allowed: Sequence[str]) -> str | None:
    """The value that `option` carries, empty if it has none; `None` if it is not allowed."""
    if option in allowed or f"{option}=" in allowed:
        return ""
    if _is_cluster(option, allowed):
        return ""
    for known in allowed:
        start = known if known.startswith("--") else known[:-1]
        if known.endswith("=") and option.startswith(start):
            return option[len(start) :]
    return None


def _is_cluster(option: str, allowed: Sequence[str]) -> bool:
    """Whether it is several allowed letters in one, such as `-la`.

    A program with long options after a single dash, such as `find`, does not read them so.
    """
    if option.startswith("--") or any(len(each.strip("-=")) > 1 for each in _single_dash(allowed)):
        return False
    return all(f"-{letter}" in allowed for letter in option[1:])


def _single_dash(options: Sequence[str]) -> Iterator[str]:
    return (option for option in options if not option.startswith("--"))


def _words(command: str) -> Iterator[str]:
    """Split at blanks, with quotes as in a shell."""
    word: list[str] | None = None
    letters = iter(command)
    for letter in letters:
        if letter in _BLANK:
            if word is not None:
                yield "".join(word)
            word = None
            continue
        word = [] if word is None else word
        if letter == "'":
            word += _until_quote(letters, "'")
        elif letter == '"':
            word += _in_double_quotes(letters)
        elif letter in _SPECIAL:
            raise ToolError(
                f"{letter!r} means something only to a shell, and there is none: put it in single "
                "quotes, and run one program at a time."
            )
        else:
            word.append(letter)
    if word is not None:
        yield "".join(word)


def _until_quote(letters: Iterator[str], quote: str) -> Iterator[str]:
    for letter in letters:
        if letter == quote:
            return
        yield letter
    raise ToolError(f"A {quote} has no partner.")


def _in_double_quotes(letters: Iterator[str]) -> Iterator[str]:
    for letter in letters:
        if letter == '"':
            return
        if letter in _SPECIAL_IN_QUOTES:
            raise ToolError(
                f"{letter!r} in double quotes means something to a shell, and there is none: use "
                "single quotes."
            )
        if letter != "\\":
            yield letter
            continue
        following = next(letters, "")
        yield following if following in ('"', "\\", "$", "`") and following else f"\\{following}"
    raise ToolError('A " has no partner.')
