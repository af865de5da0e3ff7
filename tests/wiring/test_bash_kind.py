"""The kind `bash`, from the options of a table."""

from pathlib import Path
from typing import Any

import pytest

from toolyard.builtin_tools.bash.bash import Bash
from toolyard.config.settings import ToolSettings
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.wiring.sources import source_of


def source(**options: Any) -> ToolProtocol:
    return source_of("shell", ToolSettings.model_validate({"kind": "bash", "options": options}))


async def told(made: ToolProtocol, command: str) -> dict[str, Any]:
    return (await made.call_tool(ToolCall("bash", {"command": command}), CallContext())).structured


async def test_it_works_without_options() -> None:
    async with source() as made:
        assert isinstance(made, Bash)
        assert (await told(made, "echo fine"))["stdout"] == "fine\n"


async def test_options_hold(tmp_path: Path) -> None:
    options = {
        "isolation": "off",
        "environment": {"COLOUR": "blue"},
        "readable": f"{tmp_path},/usr/share",
        "timeout_s": 0.5,
        "keep_directory": True,
        "output_bytes": 20,
        "open_files": 40,
    }
    async with source(**options) as made:
        assert (await told(made, "mkdir a; cd a; echo $COLOUR"))["cwd"] == "a"
        assert (await told(made, "ulimit -n"))["stdout"] == "40\n"
        assert (await told(made, "sleep 60"))["timed_out"]
        assert (await told(made, "seq 10"))["truncated"]
    async with source(programs={"ls": ["-l"]}, isolation="off") as made:
        assert (await told(made, "ls -l"))["exit_code"] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"directory": "x"}, "does not take the options directory; it has: root, isolation"),
        ({"isolation": "maybe"}, "isolation"),
        ({"network": "sometimes"}, "network"),
        ({"root": 5}, "root"),
        ({"root": "no/such/place"}, "There is no directory"),
        ({"programs": ["ls"]}, "programs"),
        ({"programs": {"ls": "-l"}}, "programs.ls"),
        ({"programs": {"sh": []}}, "runs whatever"),
        ({"environment": {"A": 5}}, "environment.A"),
        ({"environment": "s3cret"}, "environment"),
        ({"timeout_s": "soon"}, "timeout_s"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"processes": 0}, "processes"),
        ({"memory_bytes": "much"}, "memory_bytes"),
        ({"user": "no-such-account"}, "no account"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        source(**options)
    assert "s3cret" not in str(refused.value)
