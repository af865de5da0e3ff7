"""A clock that all processes of a machine share, and that setting the time does not move."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class MachineClock:
    """Seconds since 1970 as they were told once per boot, and counted on since."""

    boot: str
    """Which boot `epoch` belongs to; empty where the system does not tell."""
    epoch: float
    """When the machine was booted."""

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() if not self.boot else self.epoch + _since_boot()


def machine_clock(boot: str, epoch: float) -> MachineClock:
    """The clock of this boot: the given one if it is of this boot, else a new one."""
    current = _this_boot()
    if not current:
        return MachineClock("", 0.0)
    if current == boot:
        return MachineClock(boot, epoch)
    return MachineClock(current, time.time() - _since_boot())


def _this_boot() -> str:
    """The boot's own name, on Linux; elsewhere processes share only the clock that can be set."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _since_boot() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
