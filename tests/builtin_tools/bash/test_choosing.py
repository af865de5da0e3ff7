"""Which isolation is taken, what is refused at the start, and who commands run as."""

import logging
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.builtin_tools.bash.shells import place, shell
from tests.support.process import ROOT

from toolyard import Bash, CommandLimits, ConfigError
from toolyard.builtin_tools.bash import probe
from toolyard.builtin_tools.bash.account import OWN, account_of
from toolyard.builtin_tools.bash.order import Account

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="Only root has other accounts to be.")
TRY = """
import sys, anyio
from toolyard import Bash, ConfigError
async def main():
    try:
        async with Bash(isolation=sys.argv[1]) as bash:
            print(bash.isolation.backend, (await bash.run("id -u")).stdout.strip())
            shown = "while read -r a b; do [ $a = CapEff: ] && echo $b; done </proc/self/status"
            print((await bash.run(shown)).stdout.strip())
    except ConfigError as error:
        print(error)
anyio.run(main)
"""


async def test_a_trial_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TRIAL_S", 0.001)
    with pytest.raises(ConfigError, match="too busy"):
        await Bash(isolation="off").run("true")


def test_few_descriptors_are_enough() -> None:
    few = ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh"]
    assert tried("off", before=few).stdout.startswith("none")
    assert tried("required", before=few).stdout.startswith("bubblewrap")


def tried(isolation: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """What another process gets."""
    return subprocess.run(
        [*more.pop("before", ()), sys.executable, "-c", TRY, isolation],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **more,
    )


async def test_auto_takes_the_best_that_works() -> None:
    async with shell("bubblewrap") as bash:
        assert bash.isolation is not None
        assert bash.isolation.backend == "bubblewrap"
    async with Bash() as bash:
        assert bash.isolation is not None
        assert bash.isolation.backend == "bubblewrap"
        assert bash.isolation.network == "none"
        assert bash.isolation.filesystem
        assert bash.isolation.pids
        assert bash.isolation.seccomp
        assert bash.isolation.uid_drop == (os.geteuid() == 0)
        assert not bash.isolation.memory_total
        assert not bash.isolation.disk_total


def test_where_namespaces_are_forbidden_landlock_is_taken() -> None:
    """`unshare` makes a place where no further user namespaces can be made."""
    before = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps"]
    forbidding = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
    done = tried("auto", before=[*before, "sh", "-c", forbidding, "sh"])
    assert done.stdout.split()[:1] == ["landlock"], done


@needs_root
async def test_where_nothing_works_it_is_said_aloud(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolyard.builtin_tools.bash.seccomp.is_supported", lambda: False)
    with caplog.at_level(logging.WARNING):
        async with Bash() as bash:
            assert bash.isolation is not None
            assert bash.isolation.backend == "none"
            assert bash.isolation.network == "host"
            assert "Not isolated" in bash.isolation.sentence
    assert "commands are not isolated: bubblewrap: " in caplog.text
    with pytest.raises(ConfigError, match=r"cannot be isolated here as wanted \(required\)"):
        await Bash(isolation="required").run("true")


async def test_off_is_off(caplog: pytest.LogCaptureFixture) -> None:
    async with Bash(isolation="off") as bash:
        assert bash.isolation is not None
        assert bash.isolation.backend == "none"
        assert not bash.isolation.filesystem
        assert not bash.isolation.seccomp
    assert "not isolated" not in caplog.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"root": "/no/such/place"}, "There is no directory"),
        ({"root": "/etc/passwd"}, "There is no directory"),
        ({"root": "/"}, "no place to work in"),
        ({"root": "a\0b"}, "is no path"),
        ({"root": 5j}, "is no path"),
        ({"isolation": "maybe"}, "isolation is one of auto, required, off"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"max_timeout_s": -1}, "max_timeout_s"),
        ({"max_commands": 0}, "max_commands"),
        ({"max_commands": 0.5}, "max_commands"),
        ({"limits": CommandLimits(output_bytes=0.5)}, "output_bytes"),  # pyright: ignore[reportArgumentType]
        ({"limits": CommandLimits(output_bytes=0)}, "output_bytes"),
        ({"limits": CommandLimits(processes=-1)}, "processes"),
        ({"environment": {"A=B": "c"}}, "no name of a variable"),
        ({"environment": {"": "c"}}, "no name of a variable"),
        ({"environment": {"A": "b\0"}}, "no text"),
        ({"environment": {"A": 5}}, "no text"),
        ({"readable": ["/no/such/place"]}, "There is no directory"),
        ({"readable": ["/"]}, "no place"),
        ({"user": "no-such-account"}, "no account"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Bash(**options)


@needs_root
async def test_root_runs_commands_as_an_account_of_their_own(root: Path) -> None:
    async with shell("none", root) as bash:
        assert (await bash.run("id -u; id -g; id -G; whoami 2>&-")).stdout.split() == [str(OWN)] * 3
        assert not (await bash.run("cat /etc/shadow")).succeeded
        await bash.run("touch file")
    assert (root / "file").stat().st_uid == OWN


@needs_root
async def test_root_can_name_the_account(root: Path) -> None:
    os.chown(root, 65_534, 65_534)
    async with Bash(root, isolation="off", user="nobody") as bash:
        assert (await bash.run("id -u")).stdout == "65534\n"
    async with Bash(root, isolation="off", user="root") as bash:
        assert (await bash.run("id -u")).stdout == "0\n"
        assert bash.isolation is not None
        assert not bash.isolation.uid_drop
    with pytest.raises(ConfigError, match="is none for root"):
        Bash(root, isolation="required", user="root")


@needs_root
async def test_root_itself_is_never_said_to_be_isolated(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.chown(root, 0, 0)
    async with Bash(root, user="root") as bash:
        assert bash.isolation is not None
        assert bash.isolation.backend == "none"
    assert "whose commands need another account" in caplog.text


async def test_what_a_command_leaves_does_not_weaken_the_next_start(root: Path) -> None:
    async with shell("bubblewrap", root) as bash:
        await bash.run("for i in $(seq 60); do mkdir .toolyard-trial-$i; done")
    async with Bash(root) as bash:
        assert bash.isolation is not None
        assert bash.isolation.backend == "bubblewrap"


@needs_root
def test_the_account_is_ours_where_no_other_is_asked_for() -> None:
    assert account_of(None) == Account(OWN, OWN)
    assert account_of("root") is None
    assert account_of(51_234) == Account(51_234, 51_234)


@needs_root
def test_a_named_account_has_its_own_group() -> None:
    """Not the one with the same number, which may read what it must not: shadow, or disks."""
    for entry in pwd.getpwall():
        if entry.pw_uid != 0:
            assert account_of(entry.pw_name) == Account(entry.pw_uid, entry.pw_gid)
            assert account_of(entry.pw_uid) == account_of(pwd.getpwuid(entry.pw_uid).pw_name)


@needs_root
async def test_a_root_that_the_account_cannot_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No command can be run here"):
        await Bash(tmp_path, isolation="off").run("true")
    with place() as locked:
        os.chown(locked, 0, 0)
        locked.chmod(0o755)
        for isolation in ("off", "required"):
            with pytest.raises(ConfigError, match=f"written .* account {OWN}, which must"):
                await Bash(locked, isolation=isolation).run("true")


@pytest.mark.parametrize(("isolation", "said"), [("off", "none 1000"), ("required", "bubblewrap")])
def test_others_than_root_run_commands_as_themselves(isolation: str, said: str) -> None:
    done = tried(isolation, before=["unshare", "--user", "--map-user=1000", "--map-group=1000"])
    assert done.stdout.startswith(said), done


def test_capabilities_of_the_server_are_not_passed_on() -> None:
    before = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps"]
    assert tried("off", before=before).stdout.split() == ["none", "1000", "0" * 16]
    assert tried("required", before=before).stdout.startswith("bubblewrap")


def test_root_of_a_container_that_has_no_other_account_stays_so() -> None:
    before = ["unshare", "--user", "--map-root-user"]
    assert tried("off", before=before).stdout.split()[:2] == ["none", "0"]
    done = tried("required", before=before)
    if os.geteuid() == 0:
        assert "is none for root" in done.stdout
    else:
        assert done.stdout.startswith("bubblewrap")


def test_a_trial_needs_a_place_outside_of_what_may_be_used() -> None:
    with pytest.raises(ConfigError, match="cannot be tried"), probe.trial(["/"]):
        pass
    with probe.trial(["/tmp"]) as trial:
        assert not trial.directory.startswith("/tmp/")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("works enters done", []),
        ("works reads enters done", ["reads"]),
        ("works reads writes connects enters done", ["reads", "writes", "connects"]),
        ("works enters", None),
        ("enters done", None),
        ("works done", None),
        ("", None),
    ],
)
def test_what_a_trial_tells(told: str, found: list[str] | None) -> None:
    assert probe.breaches(told) == found
