"""Where the files of hosts are looked for."""

from pathlib import Path

import pytest

from toolyard.config.host_places import PLACES, usual_file, usual_files
from toolyard.core.errors import ConfigError

DESKTOP = "Claude/claude_desktop_config.json"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home directory; the directory in it in which the test is."""
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", ".config"),
        ("darwin", "Library/Application Support"),
        ("win32", "AppData/Roaming"),
    ],
)
def test_each_system_has_its_place(home: Path, platform: str, folder: str) -> None:
    assert usual_files("claude-desktop", platform) == [home / folder / DESKTOP]
    assert usual_files("vscode", platform)[1] == home / folder / "Code/User/mcp.json"


@pytest.mark.parametrize(
    ("platform", "variable"), [("linux", "XDG_CONFIG_HOME"), ("win32", "APPDATA")]
)
def test_a_variable_moves_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, platform: str, variable: str
) -> None:
    monkeypatch.setenv(variable, str(home / "moved"))
    assert usual_files("claude-desktop", platform) == [home / "moved" / DESKTOP]


@pytest.mark.parametrize("host", PLACES)
def test_the_first_one_that_is_there_is_taken(home: Path, host: str) -> None:
    with pytest.raises(ConfigError, match=f"No file of {host} is in its usual place: name the"):
        usual_file(host)
    for place in reversed(usual_files(host)):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        assert usual_file(host) == place
        assert place.absolute().is_relative_to(home)
