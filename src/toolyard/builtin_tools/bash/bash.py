"""A shell as a tool: whatever it starts is isolated, bounded, and gone when the call is over."""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from types import TracebackType
from typing import Any, Self, get_args

import anyio

from toolyard.builtin_tools.bash import tool
from toolyard.builtin_tools.bash.account import account_of, is_root
from toolyard.builtin_tools.bash.isolation import Isolation, Wanted
from toolyard.builtin_tools.bash.order import CommandLimits
from toolyard.builtin_tools.bash.premises import Premises, checked_root, sweep
from toolyard.builtin_tools.bash.programs import Programs
from toolyard.builtin_tools.bash.result import CommandResult, result_of, tool_result
from toolyard.builtin_tools.bash.sandbox import Sandbox
from toolyard.builtin_tools.bash.surroundings import PATH, Surroundings, program, shell
from toolyard.builtin_tools.filesystem.path import checked, is_usable, shown
from toolyard.core.context import LOCAL, CallContext
from toolyard.core.errors import ConfigError, ToolError
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.core.toolbox import Toolbox

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_CALLERS = 1_000
_ANSWER_S = 1.0
"""Kept of a call's own deadline, for telling that the command took too long."""


class Bash:
    """Runs commands below one directory; in Python and as a tool.

    Each runs under a supervisor of its own, in a process apart from this one. When a call is over
    — done, out of time, cancelled, or because this program was killed — the supervisor has ended
    every process that came from the command, and knows that none is left.

    How well commands are kept apart from the machine is chosen when it is entered, by trying:
    see `isolation`. It is left when it is no longer needed.

    Args:
        root: Where commands work, and the only place where they can leave something. Without
            it, an empty directory that is removed at the end.
        isolation: `auto` takes bubblewrap, else Landlock with seccomp, else none, and says
            which; `required` refuses to start with none, and so does naming one of them.
        network: Let commands reach whatever this machine does.
        timeout_s: Seconds a command may take that asks for nothing else.
        max_timeout_s: The most it may ask for.
        programs: Run just these, without a shell, each with the options that are listed for
            it; those that take a value end with `=`. Such a list prevents mistakes; what
            prevents attacks is the isolation.
        keep_directory: Start a caller's command where the caller's last one ended.
        environment: Variables for commands, which can read them: no secrets.
        readable: Directories that commands may read besides the system's programs.
        user: The account to run as, for a server that is root. Without it an account that
            nobody else has; `root` stays root.
        limits: What one command may take.
        max_commands: At the same time; others wait.

    Raises:
        ConfigError: An option cannot be used, or this system has no bash.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        isolation: Wanted = "auto",
        network: bool = False,
        timeout_s: float = 30.0,
        max_timeout_s: float = 600.0,
        programs: Mapping[str, Sequence[str]] | None = None,
        keep_directory: bool = False,
        environment: Mapping[str, str] | None = None,
        readable: Sequence[str] = (),
        user: str | int | None = None,
        limits: CommandLimits | None = None,
        max_commands: int = 32,
    ) -> None:
        if sys.platform == "win32":
            raise ConfigError("Commands need Linux or macOS.")
        if isolation not in get_args(Wanted):
            known = ", ".join(get_args(Wanted))
            raise ConfigError(f"isolation is one of {known}, not {isolation!r}.")
        self._wanted: Wanted = isolation
        self._root = None if root is None else checked_root(root)
        self._network = network
        self._timeout_s = _positive("timeout_s", timeout_s)
        self._max_timeout_s = max(_positive("max_timeout_s", max_timeout_s), self._timeout_s)
        self._programs = None if programs is None else Programs(programs)
        self._keeps_directory = keep_directory
        self._environment = _checked_variables(environment or {})
        self._readable = [checked_root(path) for path in readable]
        self._account = account_of(user)
        self._limits = _checked_limits(limits or CommandLimits())
        self._bash = _bash()
        if programs is not None and keep_directory:
            raise ConfigError("keep_directory is for a shell: leave it or `programs` out.")
        if self._account is None and is_root() and isolation not in ("auto", "off"):
            raise ConfigError(
                f"isolation {isolation!r} is none for root, whose commands need another account."
            )
        self._sandbox: Sandbox | None = None
        self._premises: Premises | None = None
        self._tools = Toolbox()
        self._starting = anyio.Lock()
        self._slots = anyio.Semaphore(_whole("max_commands", max_commands))
        self._directories: OrderedDict[str, str] = OrderedDict()

    @property
    def isolation(self) -> Isolation | None:
        """What commands cannot do; `None` before it is entered."""
        return None if self._sandbox is None else self._sandbox.isolation

    def health(self) -> Mapping[str, Any]:
        """The same for operators."""
        return {} if self.isolation is None else {"isolation": self.isolation.as_dict()}

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout_s: float | None = None,
        cwd: str | None = None,
        caller: str = LOCAL.name,
    ) -> CommandResult:
        """Run a command; how it ended is in the result, whatever that is.

        Args:
            command: For bash; with `programs` one program with its arguments, also as a list.
            timeout_s: Seconds it may take.
            cwd: Where it starts, relative to the root.
            caller: Whose directory is kept, with `keep_directory`.

        Raises:
            ToolError: It may not be run, or cannot; the text says why.
        """
        return await self._run(command, timeout_s, cwd, caller)

    async def _run(
        self,
        command: str | Sequence[str],
        timeout_s: float | None,
        cwd: str | None,
        caller: str,
        deadline: float = math.inf,
    ) -> CommandResult:
        """The same; the command ends before `deadline`, so that what it wrote can be told."""
        sandbox = await self._started()
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        if not 0 < timeout_s <= self._max_timeout_s:
            raise ToolError(f"timeout_s must be above 0 and at most {self._max_timeout_s:g}.")
        argv = self._argv(command, sandbox)
        start = self._start_of(cwd, caller)
        async with self._slots:
            try:
                left_s = max(deadline - anyio.current_time() - _ANSWER_S, 0.001)
                outcome = await sandbox.run(argv, start, min(timeout_s, left_s))
            except OSError as error:
                self._directories.pop(caller, None)
                reason = os.strerror(error.errno or 0)
                raise ToolError(f"No command can start in {shown(start)}: {reason}.") from error
        if outcome.not_started is not None:
            raise ToolError(f"The command could not be started: {outcome.not_started}.")
        if outcome.left:
            raise ToolError(f"{outcome.left} processes of the command do not end.")
        kept = self._kept(caller, start, sandbox.below_root(outcome.directory))
        return result_of(outcome, sandbox.isolation, kept)

    async def __aenter__(self) -> Self:
        await self._started()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sandbox, premises = self._sandbox, self._premises
        self._sandbox = self._premises = None
        with anyio.CancelScope(shield=True):
            if sandbox is not None:
                await sandbox.close()
            if premises is not None:
                await premises.remove()

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The one tool, `bash`; its description says how commands are isolated."""
        await self._started()
        return await self._tools.list_tools(context)

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run a command; one that fails gives an error result, with all that it wrote.

        Raises:
            UnknownName: The call is not for `bash`.
            InvalidArguments: The tool's schema refuses the arguments.
        """
        await self._started()
        return await self._tools.call_tool(call, context)

    async def _started(self) -> Sandbox:
        async with self._starting:
            if self._sandbox is None:
                await sweep()
                premises = Premises.made(self._account)
                try:
                    self._sandbox = await Sandbox.open(self._around(premises), self._wanted)
                except BaseException:  # nobody else would remove it, whatever kept it from opening
                    await premises.remove()
                    raise
                self._premises = premises
                self._tools = self._offered(self._sandbox.isolation)
            return self._sandbox

    def _around(self, premises: Premises) -> Surroundings:
        return Surroundings(
            root=self._root or premises.work,
            scratch=premises.scratch,
            readable=self._readable,
            environment=self._environment,
            network=self._network,
            account=self._account,
            limits=self._limits,
            bash=self._bash,
            bwrap=shutil.which("bwrap", path=PATH),
            keeps_directory=self._keeps_directory,
        )

    def _offered(self, isolation: Isolation) -> Toolbox:
        tools = Toolbox()
        tools.add_schema(
            tool.NAME,
            self._answer,
            description=tool.description(
                isolation,
                timeout_s=self._timeout_s,
                limits=self._limits,
                programs=None if self._programs is None else self._programs.summary,
                keeps_directory=self._keeps_directory,
            ),
            input_schema=tool.input_schema(
                self._timeout_s, self._max_timeout_s, has_shell=self._programs is None
            ),
            output_schema=tool.OUTPUT_SCHEMA,
            read_only=False,
            destructive=True,
            idempotent=False,
            open_world=isolation.network == "host",
        )
        return tools

    async def _answer(self, given: Mapping[str, Any], context: CallContext) -> ToolResult:
        caller, deadline = context.caller.name, context.deadline
        asked = given["command"], given.get("timeout_s"), given.get("cwd")
        return tool_result(await self._run(*asked, caller, deadline))

    def _argv(self, command: str | Sequence[str], sandbox: Sandbox) -> list[str]:
        if self._programs is not None:
            argv = self._programs.argv(command)
            return program(sandbox.around, sandbox.isolation.backend, argv)
        if not isinstance(command, str):
            raise ToolError("A command is one text, unless `programs` are named.")
        _check_command(command)
        return shell(sandbox.around, sandbox.isolation.backend, command)

    def _start_of(self, cwd: str | None, caller: str) -> str:
        if cwd is not None:
            return checked(cwd)
        return self._directories.get(caller, ".") if self._keeps_directory else "."

    def _kept(self, caller: str, start: str, ended: str | None) -> str | None:
        if not self._keeps_directory:
            return None
        kept = ended if ended is not None and is_usable(ended) else start
        self._directories[caller] = kept
        self._directories.move_to_end(caller)
        if len(self._directories) > _MOST_CALLERS:
            self._directories.popitem(last=False)
        return kept


def _check_command(command: str) -> None:
    if not command.strip():
        raise ToolError("The command is empty.")
    if "\0" in command:
        raise ToolError("The command holds a NUL character.")
    try:
        size = len(command.encode())
    except UnicodeEncodeError:
        raise ToolError("The command holds half of a surrogate pair.") from None
    if size > tool.MAX_COMMAND_BYTES:
        raise ToolError(
            f"The command has {size} bytes, and at most {tool.MAX_COMMAND_BYTES} can be run: "
            "write a file first."
        )


def _bash() -> str:
    found = shutil.which("bash", path=PATH)
    if found is None:
        raise ConfigError("There is no bash on this system: install it.")
    return found


def _positive(name: str, value: float) -> float:
    if not 0 < value < float("inf"):
        raise ConfigError(f"{name} must be above 0, not {value:g}.")
    return value


def _whole(name: str, value: int) -> int:
    if type(value) is not int or value < 1:
        raise ConfigError(f"{name} must be a whole number from 1 on, not {value!r}.")
    return value


def _checked_variables(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if not _VARIABLE.fullmatch(name):
            raise ConfigError(f"environment: {name!r} is no name of a variable.")
        if not isinstance(value, str) or "\0" in value:  # pyright: ignore[reportUnnecessaryIsInstance] a file may say anything
            raise ConfigError(f"environment: the value of {name} is no text.")
    return dict(given)


def _checked_limits(limits: CommandLimits) -> CommandLimits:
    for each in fields(limits):
        _whole(each.name, getattr(limits, each.name))
    return limits
