"""What becomes of directories of servers that are gone."""

import os
import tempfile
from pathlib import Path

import anyio
import pytest

from toolyard.builtin_tools.bash.account import account_of
from toolyard.builtin_tools.bash.premises import Premises, sweep


async def test_what_killed_servers_left_is_removed_and_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(root))
    (root / "toolyard-bash-link").symlink_to(root)
    (root / "toolyard-bash-file").touch()
    (root / "other").mkdir()
    dead, fresh, alive = (Premises.made(account_of(None)) for _ in range(3))
    os.mkdir(f"{dead.work}/locked", 0)
    for premises in (dead, fresh):
        os.close(premises.lock)
    for premises in (dead, alive):
        os.utime(premises.directory, (0, 0))
    await sweep()
    kept = [os.path.basename(premises.directory) for premises in (fresh, alive)]
    others = ["toolyard-bash-link", "toolyard-bash-file", "other"]
    assert sorted(os.listdir(root)) == sorted([*others, *kept])
    await alive.remove()


def test_a_directory_is_removed_in_the_event_loop_that_servers_have(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(root))
    premises = Premises.made(account_of(None))

    anyio.run(premises.remove, backend_options={"use_uvloop": True})

    assert os.listdir(root) == []
