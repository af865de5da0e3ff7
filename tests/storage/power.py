"""A disk that loses its power: what may then be there of what a process wrote."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.tracing import Call


@dataclass
class Kept:
    """A file: what is surely on the disk, and what was written to it since."""

    synced: bytearray = field(default_factory=bytearray)
    waiting: list[Call] = field(default_factory=list[Call])

    def sync(self) -> None:
        for call in self.waiting:
            _apply(call, self.synced)
        self.waiting.clear()

    def after_loss(self, chance: random.Random, share: float) -> bytes:
        """Each write that was not synced is there or is not."""
        content = bytearray(self.synced)
        for call in self.waiting:
            if chance.random() < share:
                _apply(call, content)
        return bytes(content)


def _apply(call: Call, content: bytearray) -> None:
    if call.name == "ftruncate":
        size = call.numbers[0]
        del content[size:]
        content.extend(bytes(size - len(content)))
        return
    start = call.numbers[1]
    content.extend(bytes(max(0, start - len(content))))
    content[start : start + len(call.written)] = call.written


@dataclass
class Disk:
    """The files of one directory; what processes share in memory (`-shm`) is not on it."""

    directory: Path
    files: dict[str, Kept] = field(default_factory=dict[str, Kept])
    names: set[str] = field(default_factory=set[str])
    """Names that are surely on the disk."""
    unlinked: dict[str, Kept] = field(default_factory=dict[str, Kept])
    """Files that may come back, as nobody synced the directory since they were removed."""

    def do(self, call: Call) -> None:
        """Take one call that a process made."""
        path = Path(call.path)
        if path == self.directory and call.name in ("fsync", "fdatasync"):
            self.names = set(self.files)
            self.unlinked.clear()
        if path.parent != self.directory or path.name.endswith("-shm"):
            return
        match call.name:
            case "openat":
                self.files.setdefault(path.name, Kept())
            case "fsync" | "fdatasync":
                self.files[path.name].sync()
            case "pwrite64" | "ftruncate":
                self.files[path.name].waiting.append(call)
            case "unlink":
                self.unlinked[path.name] = self.files.pop(path.name)
            case _:
                raise AssertionError(call)

    def restore(self, target: Path, chance: random.Random, share: float) -> None:
        """Write to `target` what may be there after the loss, `share` of what was not synced."""
        there = {**self.files} if share else {n: self.files[n] for n in self.names & {*self.files}}
        back = {name: kept for name, kept in self.unlinked.items() if name not in there}
        if chance.random() >= share:
            there |= back
        for name, kept in there.items():
            (target / name).write_bytes(kept.after_loss(chance, share))


def losses(
    trace: Sequence[Call], directory: Path, target: Path, chance: random.Random
) -> "list[tuple[Path, list[str]]]":
    """A directory for each moment at which the power may go, and what was said before it."""
    disk, said = Disk(directory), list[str]()
    found: list[tuple[Path, list[str]]] = []
    for number, call in enumerate(trace):
        if call.name == "write" and call.descriptor == 1:
            said += call.written.decode().splitlines()
        elif Path(call.path) == directory or Path(call.path).parent == directory:
            disk.do(call)
        else:
            continue
        for share in (0.0, 0.5):
            place = target / f"{number}-{share}"
            place.mkdir(parents=True)
            disk.restore(place, chance, share)
            found.append((place, list(said)))
    return found
