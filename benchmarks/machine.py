"""The machine under the servers: its cores, and who else is using them."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_IDLE_COLUMNS = (3, 4)  # idle and iowait in the first line of /proc/stat


@dataclass(frozen=True)
class Cores:
    """One core for the server, another for the load, so that neither takes the other's time."""

    server: int
    load: int

    @property
    def apart(self) -> bool:
        """Whether there are two."""
        return self.server != self.load


def choose_cores() -> Cores:
    """The first and the last core this process may use."""
    usable = usable_cores()
    return Cores(usable[0], usable[-1])


@cache
def usable_cores() -> list[int]:
    """The cores that this process was given, in order; asked before it keeps to one of them."""
    return sorted(os.sched_getaffinity(0))


def cpu_s_of(pid: int) -> float:
    """CPU time a process has used, all its threads, in seconds, to the nanosecond."""
    # The kernel reads the CPU clock of any process under this number, which is what the C
    # library's clock_getcpuclockid gives; Python offers that call for threads only.
    return time.clock_gettime((~pid << 3) | 2)


def rss_mb_of(pid: int) -> float:
    """Memory a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kib) * 1024 / 1e6


def busy_s() -> float:
    """CPU time that everything on this machine has used together, in seconds."""
    columns = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = sum(columns[index] for index in _IDLE_COLUMNS)
    return (sum(columns) - idle) / _TICKS_PER_S


def describe() -> dict[str, str]:
    """Processor, cores, system and Python; nothing that names this machine."""
    # Of the kernel's release only the version: what follows may say whose machine it is.
    version = ".".join(platform.release().split(".")[:2])
    return {
        "processor": _processor(),
        "cores": str(len(usable_cores())),
        "system": f"{platform.system()} {version}",
        "Python": platform.python_version(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
