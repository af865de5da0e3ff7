"""The options themselves, and the example file that shows them all."""

import re
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.support.process import ROOT, run

from toolyard.config.loading import TABLES, load
from toolyard.config.settings import LimitSettings, Settings, TokenSettings, ToolSettings
from toolyard.core.errors import ConfigError
from toolyard.servers.limits import Limits
from toolyard.wiring.serving import server_of

EXAMPLE = ROOT / "toolyard.example.toml"
COMMENTED_OUT = re.compile(r"# (\[.*\]|[a-z_]+ = .*)")


def loaded(path: Path, text: str) -> Settings:
    file = path / "t.toml"
    file.write_text(text)
    return load(file)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "exactly one of kind, url, command"),
        ('kind = "calculator"\nurl = "http://x"', "exactly one of kind, url, command"),
        ('kind = "calculator"\ntoken = "s3cret"', "token goes with url, not kind"),
        ('kind = "calculator"\ncwd = "."', "cwd goes with command, not kind"),
        ('url = "http://x"\noptions = { a = 1 }', "options goes with kind, not url"),
        ('command = ["x"]\nheaders = { A = "s3cret" }', "headers goes with url, not command"),
        ('url = "http://x"\ntoken = "s3cret"\ntoken_env = "X"', "'token' or 'token_env'"),
    ],
)
def test_a_source_takes_only_what_its_way_can_use(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        loaded(tmp_path, f"[tools.x]\n{table}")
    assert "line 1" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("table", ['name = "a"', 'secret = "s3cret"\nenv = "X"'])
def test_a_token_has_one_secret(tmp_path: Path, table: str) -> None:
    with pytest.raises(ConfigError, match="give either 'secret' or 'env'") as refused:
        loaded(tmp_path, f"[[tokens]]\n{table}")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("given", ["KEY", "[KEY]", "{ key = KEY }"])
def test_a_state_key_that_lacks_its_quotes_is_not_shown(tmp_path: Path, given: str) -> None:
    key = "1234567890" * 5
    with pytest.raises(ConfigError, match=r"state_key.*line 1") as refused:
        loaded(tmp_path, f"state_key = {given.replace('KEY', key)}")
    assert key[:12] not in str(refused.value)


def test_an_expiry_says_its_time_zone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tokens\.0\.expires_at.*line 3.*timezone"):
        loaded(tmp_path, '[[tokens]]\nenv = "X"\nexpires_at = 2027-01-01T00:00:00')


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", '"many"', "true and"])
def test_a_limit_is_a_finite_number_above_0(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError):
        loaded(tmp_path, f"[limits]\ncall_s = {value}")


def test_the_limits_are_those_of_the_server() -> None:
    ours = LimitSettings.model_fields
    assert list(ours) == [field.name for field in fields(Limits)]
    for field in fields(Limits):
        kind = "int" if field.type == "int" else "float"
        assert kind in str(ours[field.name].annotation), field.name


def test_the_example_loads_and_can_be_served() -> None:
    settings = load(EXAMPLE)
    assert [name for name, tool in settings.tools.items() if tool.enabled] == ["calculator"]
    server_of(settings)


def test_the_example_shows_the_defaults() -> None:
    shown = load(EXAMPLE)
    ours = Settings.model_validate({})
    for name in Settings.model_fields.keys() - {"tools", "limits"}:
        assert getattr(shown, name) == getattr(ours, name), name
    assert shown.limits.model_dump() == {
        field.name: getattr(Limits(), field.name) for field in fields(Limits)
    }


def whole_example() -> dict[str, Any]:
    """The example with all that is commented out."""
    lines = EXAMPLE.read_text().splitlines()
    shown = (match[1] if (match := COMMENTED_OUT.fullmatch(line)) else line for line in lines)
    return tomllib.loads("\n".join(shown))


def test_the_example_shows_every_option() -> None:
    example = whole_example()
    assert example.keys() == Settings.model_fields.keys()
    for name, model in TABLES.items():
        assert names_in(example[name], model) == model.model_fields.keys(), name


def names_in(table: Any, model: type[BaseModel]) -> set[str]:
    """The options that a table shows, or several of one kind together."""
    if model is ToolSettings:
        return set[str]().union(*table.values())
    return set[str]().union(*table) if model is TokenSettings else set(table)


def test_what_the_example_comments_out_is_right(tmp_path: Path) -> None:
    example = whole_example()
    del example["tools"]["search"]["token"]  # one of two ways
    Settings.model_validate(example)


PLUGIN = """
class Plugin:
    def __init__(self):
        self.seen = []

    def new_schema_validator(self, schema, schema_type, path, kind, config, settings):
        self.seen.append(path.name.rpartition(".")[2])
        return None, None, None

plugin = Plugin()
"""
OTHERS = """
import sys
import toolyard.config.settings
assert "importlib.metadata" not in sys.modules
from pydantic import BaseModel

class Own(BaseModel):
    number: int

from watching import plugin
assert plugin.seen == ["Own"], plugin.seen
"""


def test_models_of_others_have_their_plugins_of_pydantic(tmp_path: Path) -> None:
    (tmp_path / "watching.py").write_text(PLUGIN)
    about = tmp_path / "watching-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: watching\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pydantic]\nwatching = watching:plugin\n")
    told = run([sys.executable, "-c", OTHERS], environment={"PYTHONPATH": str(tmp_path)})
    assert told.code == 0, told.errors
