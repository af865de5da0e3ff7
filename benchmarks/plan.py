"""What is measured, how much of it, and on which cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from benchmarks.conversation import ADD, ERAS, Call, Era
from benchmarks.machine import Cores
from benchmarks.peers import Peer
from benchmarks.server_process import Program, ServerProcess

Section = Literal[
    "calls",
    "kinds",
    "stateless",
    "tools",
    "start",
    "stdio",
    "gateway",
    "workers",
    "files",
    "egress",
    "stores",
    "commands",
    "registry",
    "models",
    "agents",
    "teams",
]
SECTIONS: tuple[Section, ...] = get_args(Section)

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Amount:
    """How much is measured: more takes longer and is less noisy."""

    name: str
    call_rounds: int
    call_s: float
    """Length of one stretch of load, in seconds."""
    longest_s: float
    """A measurement begins no further round after this time: a busy machine gets fewer."""
    tool_eras: tuple[Era, ...]
    tool_counts: tuple[int, ...]
    """Servers with so many tools are compared."""
    tool_rounds: int
    tool_s: float
    lists: int
    """How often a list is read for one number, at least."""
    starts: int

    @property
    def text(self) -> str:
        """It in short."""
        return f"{self.name}: {self.call_rounds} rounds, {self.call_s:g} s of load for each row"


USUAL = Amount(
    name="usual",
    call_rounds=5,
    call_s=0.8,
    longest_s=80,
    tool_eras=ERAS,
    tool_counts=(1, 100, 1_000, 10_000),
    tool_rounds=3,
    tool_s=0.5,
    lists=2,
    starts=5,
)
CHECK = Amount(
    name="check",
    call_rounds=3,
    call_s=0.4,
    longest_s=60,
    tool_eras=ERAS,
    tool_counts=(1_000,),
    tool_rounds=3,
    tool_s=0.3,
    lists=1,
    starts=3,
)
QUICK = Amount(
    name="quick",
    call_rounds=3,
    call_s=0.25,
    longest_s=30,
    tool_eras=("modern",),
    tool_counts=USUAL.tool_counts,
    tool_rounds=1,
    tool_s=0.2,
    lists=1,
    starts=2,
)


@dataclass(frozen=True)
class Plan:
    """What every section needs to know."""

    peers: Sequence[Peer]
    amount: Amount
    cores: Cores
    say: Callable[[str], None]
    """Told what comes next, for whoever watches."""
    full: bool = False
    """Also what takes minutes: thousands of tools in servers that are slow with them."""

    def peers_for(self, section: Section) -> list[Peer]:
        """The servers that take part in a section."""
        return [peer for peer in self.peers if section in peer.sections]

    def serve(self, peer: Program, tools: int = 1) -> ServerProcess:
        """A server of `peer`, started when its block is entered."""
        self.say(f"starting {peer.name}" + (f" with {tools:,} tools" if tools > 1 else ""))
        return ServerProcess(peer, self.cores, tools)

    def serve_beside(self, program: Program, probe: Call = ADD) -> ServerProcess:
        """A server that has no core of its own: it works where the load may."""
        self.say(f"starting {program.name} beside the load")
        return ServerProcess(program, Cores(self.cores.load, self.cores.load), probe=probe)


def rounds(most: int, amount: Amount) -> Iterator[int]:
    """Number the rounds from 0: at least one, at most `most`, fewer when time runs out."""
    until = time.monotonic() + amount.longest_s
    for number in range(most):
        if number and time.monotonic() > until:
            return
        yield number


def in_turn(things: Sequence[Thing], number: int) -> list[Thing]:
    """The order for a round: there and back, so that a drift of the machine cancels out."""
    return list(things) if number % 2 == 0 else list(reversed(things))
