"""Approvals are of one text in one place, and in a file that only the user can write."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from toolyard.config.approvals import approve, is_approved


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of approvals, which is not there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "toolyard" / "approved"


def test_an_approval_is_of_one_text_in_one_place(tmp_path: Path) -> None:
    file = tmp_path / "toolyard.toml"
    assert not is_approved(file, "a")
    approve(file, "a")
    approve(file, "c")
    assert is_approved(file, "a")
    assert is_approved(file, "c")
    assert not is_approved(file, "b")
    assert not is_approved(tmp_path / "elsewhere" / "toolyard.toml", "a")


def test_a_relative_path_is_that_of_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    approve(Path("toolyard.toml"), "a")
    assert is_approved(tmp_path / "toolyard.toml", "a")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert not is_approved(Path("toolyard.toml"), "a")


def test_a_link_is_not_the_file_it_leads_to(tmp_path: Path) -> None:
    """What the file names by a relative path is another thing where the link is."""
    approve(tmp_path / "toolyard.toml", "a")
    (tmp_path / "link.toml").symlink_to("toolyard.toml")
    assert not is_approved(tmp_path / "link.toml", "a")


def test_the_list_is_the_users_alone_and_tells_no_path(tmp_path: Path, state: Path) -> None:
    before = os.umask(0)
    try:
        approve(tmp_path / "toolyard.toml", "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
    assert "toml" not in state.read_text()


@pytest.mark.parametrize("said", [None, "", "relative/state"])
def test_without_a_state_directory_it_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if said is None:
        monkeypatch.delenv("XDG_STATE_HOME")
    else:
        monkeypatch.setenv("XDG_STATE_HOME", said)
    approve(tmp_path / "toolyard.toml", "a")
    assert (tmp_path / ".local/state/toolyard/approved").is_file()


def _open_to_others(state: Path) -> None:
    state.chmod(0o666)


def _linked(state: Path) -> None:
    state.rename(state.parent / "mine")
    state.symlink_to("mine")


def _folder(state: Path) -> None:
    state.unlink()
    state.mkdir()


def _pipe(state: Path) -> None:
    state.unlink()
    os.mkfifo(state, 0o600)


@pytest.mark.parametrize("change", [_open_to_others, _linked, _folder, _pipe])
def test_a_list_that_others_could_have_written_is_not_believed(
    tmp_path: Path, state: Path, change: Callable[[Path], None]
) -> None:
    approve(tmp_path / "toolyard.toml", "a")
    change(state)
    assert not is_approved(tmp_path / "toolyard.toml", "a")
    with pytest.raises(OSError, match="approv"):
        approve(tmp_path / "toolyard.toml", "a")


def test_without_a_home_nothing_is_believed_that_lies_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    approve(tmp_path / "toolyard.toml", "a")
    (tmp_path / ".local").mkdir()
    state.parents[1].rename(tmp_path / ".local" / "state")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert is_approved(tmp_path / "toolyard.toml", "a")
    for home in ("", "."):
        monkeypatch.setenv("HOME", home)
        assert not is_approved(tmp_path / "toolyard.toml", "a")
