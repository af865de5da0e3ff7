import logging
import os
import time
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.token_file import CHECK_S, IMPATIENT_S, MAX_BYTES, TokenFile
from toolyard.security.token_lines import write_token
from toolyard.security.tokens import Token


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def check_is_due(self) -> None:
        self.now += CHECK_S


def write(path: Path, *secrets: str, age_s: float = 10) -> None:
    """Put the tokens in the file in one step, as if `age_s` ago."""
    text = "".join(write_token(Token.of(secret, "user", ["x"])) + "\n" for secret in secrets)
    replace(path, text.encode(), age_s=age_s)


def replace(path: Path, data: bytes, *, age_s: float = 10) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    beside.chmod(0o600)
    then = time.time() - age_s
    os.utime(beside, (then, then))
    beside.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.jsonl"


async def test_a_changed_file_is_read_at_the_next_check(path: Path) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)

    write(path, "two")
    assert await file.verify("one") is not None
    clock.check_is_due()

    assert await file.verify("one") is None
    assert await file.verify("two") is not None


async def test_a_token_is_revoked_within_a_second(path: Path) -> None:
    write(path, "one", "two")
    file = TokenFile(path)
    assert await file.verify("one") is not None

    write(path, "two", age_s=0)
    with anyio.fail_after(1):
        while await file.verify("one"):
            await anyio.lowlevel.checkpoint()

    assert await file.verify("two") is not None


async def test_an_edit_of_the_same_size_and_time_is_seen(path: Path) -> None:
    write(path, "one")
    os.utime(path, (1000, 1000))
    clock = Clock()
    file = TokenFile(path, clock=clock)

    write(path, "two")
    os.utime(path, (1000, 1000))
    clock.check_is_due()

    assert await file.verify("two") is not None


async def test_a_file_that_is_being_written_is_left_to_settle(path: Path) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)

    write(path, age_s=0)
    clock.check_is_due()
    assert await file.verify("one") is not None

    write(path, "one", "two")
    clock.check_is_due()
    assert await file.verify("one") is not None
    assert await file.verify("two") is not None


async def test_a_file_that_never_settles_is_read_all_the_same(path: Path) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)
    clock.check_is_due()

    while clock.now <= CHECK_S + IMPATIENT_S + CHECK_S:
        write(path, "two", age_s=0)
        if await file.verify("two"):
            break
        clock.check_is_due()

    assert await file.verify("two") is not None
    assert await file.verify("one") is None
    assert clock.now < 1


@pytest.mark.parametrize("broken", [b"s3cret\n", b"\xff\xfe", b"#" * (MAX_BYTES + 1)])
async def test_a_broken_edit_keeps_the_tokens_and_is_reported(
    path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)

    replace(path, broken)
    for _ in range(3):
        clock.check_is_due()
        assert await file.verify("one") is not None

    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.name == "toolyard.security"
    assert "s3cret" not in caplog.text
    assert str(path.parent) not in caplog.text
    assert ("Line 1" in record.getMessage()) is (broken == b"s3cret\n")

    write(path, "two")
    clock.check_is_due()
    assert await file.verify("two") is not None


async def test_a_file_that_is_gone_admits_nobody_until_it_is_back(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)

    os.unlink(path)
    for _ in range(3):
        clock.check_is_due()
        assert await file.verify("one") is None
    assert [r.levelname for r in caplog.records] == ["ERROR"]

    write(path, "one")
    clock.check_is_due()
    assert await file.verify("one") is not None


async def test_a_file_that_became_a_directory_admits_nobody(path: Path) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)

    os.unlink(path)
    os.mkdir(path, mode=0o700)
    os.utime(path, (0, 0))
    clock.check_is_due()

    assert await file.verify("one") is None


def test_a_missing_file_is_an_error_at_the_start(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        TokenFile(path)

    assert "'tokens.jsonl'" in str(caught.value)
    assert str(path.parent) not in str(caught.value)


def test_a_broken_file_is_an_error_at_the_start(path: Path) -> None:
    replace(path, b"# fine\ns3cret")

    with pytest.raises(ConfigError, match="Line 2") as caught:
        TokenFile(path)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_warned_about(
    path: Path, mode: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, "one")
    path.chmod(mode)

    TokenFile(path)

    assert bool(caplog.records) is warned


async def test_a_valid_token_is_never_refused_while_the_file_is_rewritten(path: Path) -> None:
    write(path, "one", age_s=0)
    clock = Clock()
    file = TokenFile(path, clock=clock)

    for number in range(300):
        write(path, "one", f"other{number}", age_s=number % 2 * 10)
        clock.check_is_due()
        assert await file.verify("one") is not None


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_ordinary_file_is_not_read(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=r"The token file 'tokens\.jsonl' cannot be read\."):
        TokenFile(path)


async def test_a_file_that_becomes_a_pipe_admits_nobody(path: Path) -> None:
    write(path, "one")
    clock = Clock()
    file = TokenFile(path, clock=clock)
    beside = path.with_suffix(".new")
    os.mkfifo(beside)
    os.utime(beside, (1, 1))
    os.replace(beside, path)
    clock.check_is_due()
    with anyio.fail_after(0.5):
        assert await file.verify("one") is None
