"""Runs commands below a root, as isolated as this machine allows."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace

from toolyard.builtin_tools.bash import probe, seccomp
from toolyard.builtin_tools.bash.account import is_root
from toolyard.builtin_tools.bash.broker import landlock
from toolyard.builtin_tools.bash.isolation import Backend, Isolation, Wanted
from toolyard.builtin_tools.bash.link import Link
from toolyard.builtin_tools.bash.order import CommandLimits, Outcome
from toolyard.builtin_tools.bash.surroundings import Surroundings, order_of, root_inside
from toolyard.builtin_tools.filesystem.opening import PASSAGE
from toolyard.builtin_tools.filesystem.root import Root
from toolyard.core.errors import ConfigError, ToolError

logger = logging.getLogger("toolyard.bash")

_TRIED: dict[Wanted, Sequence[Backend]] = {
    "auto": ("bubblewrap", "landlock", "none"),
    "required": ("bubblewrap", "landlock"),
    "off": ("none",),
    "bubblewrap": ("bubblewrap",),
    "landlock": ("landlock",),
}


class Sandbox:
    """A root, a broker, and the best backend that kept its promises when it was tried.

    Whoever opens one closes it.
    """

    def __init__(self, around: Surroundings, isolation: Isolation, link: Link, root: Root) -> None:
        self.around = around
        self.isolation = isolation
        self._link = link
        self._root = root

    @classmethod
    async def open(cls, around: Surroundings, wanted: Wanted) -> Sandbox:
        """Start a broker and try the backends, the best first.

        Raises:
            ConfigError: None of those that are wanted works, or nothing can be run at all.
        """
        link, root = Link(), Root(around.root)
        try:
            isolation = await _Choice(around, link, root).made(wanted)
        except BaseException:  # a cancellation too: nobody else would close it
            await link.close()
            raise
        return cls(around, isolation, link, root)

    async def run(self, argv: Sequence[str], directory: str, timeout_s: float) -> Outcome:
        """Run `argv` in `directory`, a checked path below the root; see `Link.carry_out`.

        Raises:
            OSError: The directory cannot be opened.
            ToolError: It was not run, or what became of it is not known.
        """
        backend = self.isolation.backend
        return await _run(self.around, backend, self._link, self._root, argv, directory, timeout_s)

    def below_root(self, path: str | None) -> str | None:
        """The part of a path, as a command sees it, that is below the root."""
        if path is None:
            return None
        root = root_inside(self.around, self.isolation.backend)
        if path == root:
            return "."
        return path[len(root) + 1 :] if path.startswith(f"{root}/") else None

    async def close(self) -> None:
        """End all commands, and the broker."""
        await self._link.close()


async def _run(
    around: Surroundings,
    backend: Backend,
    link: Link,
    root: Root,
    argv: Sequence[str],
    directory: str,
    timeout_s: float,
) -> Outcome:
    order = order_of(around, backend, argv, directory, timeout_s)
    with root.opened(directory, PASSAGE) as descriptor:
        return await link.carry_out(order, descriptor)


class _Choice:
    """Looks for the best backend."""

    def __init__(self, around: Surroundings, link: Link, root: Root) -> None:
        # Of its own limits a trial could fail, and would not say why.
        self._around = replace(around, limits=CommandLimits())
        self._link = link
        self._root = root

    async def made(self, wanted: Wanted) -> Isolation:
        reasons: list[str] = []
        avoided = [self._around.root, self._around.scratch, *self._around.readable]
        with probe.trial(avoided) as trial:
            for backend in _TRIED[wanted]:
                reason = self._missing(backend) or await self._fault(backend, trial)
                if reason is None:
                    return self._chosen(backend, reasons)
                reasons.append(f"{backend}: {reason}")
        raise ConfigError(self._refusal(wanted, "; ".join(reasons)))

    def _refusal(self, wanted: Wanted, why: str) -> str:
        account = self._around.account
        needed = (
            ""
            if account is None
            else f" They run as account {account.user}, which must own the root (chown) and be let "
            "through the directories above it."
        )
        if wanted in ("auto", "off"):
            return f"No command can be run here. {why}.{needed}"
        return (
            f"Commands cannot be isolated here as wanted ({wanted}). {why}.{needed} Otherwise "
            "install bubblewrap, or choose isolation auto or off if whoever calls may do what the "
            "server's account can."
        )

    def _chosen(self, backend: Backend, reasons: Sequence[str]) -> Isolation:
        if backend == "none" and reasons:
            logger.warning("commands are not isolated: %s", "; ".join(reasons))
        around, is_confined = self._around, backend != "none"
        return Isolation(
            backend=backend,
            filesystem=is_confined,
            metadata=backend == "bubblewrap",
            network="none" if is_confined and not around.network else "host",
            pids=backend == "bubblewrap"
            or (is_confined and landlock.version() >= landlock.SIGNAL_VERSION),
            uid_drop=around.account is not None,
            seccomp=is_confined,
        )

    def _missing(self, backend: Backend) -> str | None:
        """What this machine lacks for `backend`, as far as that can be told without trying."""
        if backend == "none":
            return None
        if sys.platform != "linux":
            return "there is none on this system"
        if self._around.account is None and is_root():
            return "it does not hold root, whose commands need another account"
        if not seccomp.is_supported():
            return "this processor's system calls are not known"
        if backend == "bubblewrap":
            return None if self._around.bwrap else "bwrap is not installed"
        known = landlock.version()
        return None if known >= landlock.LEAST_VERSION else f"the kernel has version {known} of it"

    async def _fault(self, backend: Backend, trial: probe.Trial) -> str | None:
        """What is wrong with `backend` when it is used."""
        around = self._around
        argv = trial.arguments(around.bash, root_inside(around, backend))
        try:
            outcome = await _run(around, backend, self._link, self._root, argv, ".", probe.TRIAL_S)
        except ToolError as error:
            return str(error).rstrip(".")
        found = probe.breaches(outcome.stdout.text)
        if outcome.ended_by == "time":  # which is no reason to be content with less
            raise ConfigError(
                f"Whether {backend} isolates commands was not seen within {probe.TRIAL_S:g} s: "
                "this machine is too busy; try again."
            )
        if found is None:
            return self._explained(outcome)
        allowed = {"connects"} if around.network else set[str]()
        broken = [] if backend == "none" else sorted(set(found) - allowed)
        return f"a command still {' and '.join(broken)} outside" if broken else None

    def _explained(self, outcome: Outcome) -> str:
        if outcome.not_started:
            return f"it does not start ({outcome.not_started})"
        said = outcome.stderr.text.strip().splitlines()
        return said[-1][:200] if said else "nothing can be written in the root"
