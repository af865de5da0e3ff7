"""What the doctor is sent to by a TARGET."""

from pathlib import Path

import anyio
import pytest

from toolyard.config.loading import load
from toolyard.core.errors import ConfigError, Unreachable
from toolyard.wiring.doctor import Finding, examine_target
from toolyard.wiring.serving import server_of

TOKEN = "a-token-for-these-tests-0123456789abcdef"


def ignore(finding: Finding) -> None:
    del finding


async def test_a_configured_server_is_examined_with_its_own_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THERE_TOKEN", TOKEN)
    tools = {"calculator": {"kind": "calculator"}}
    file, heard = tmp_path / "t.toml", list[Finding]()
    with anyio.fail_after(30):
        async with server_of(load(None, {"tools": tools, "port": 0, "token": [TOKEN]})) as server:
            file.write_text(f'[tools.there]\nurl = "{server.url}"\ntoken_env = "THERE_TOKEN"')
            findings = await examine_target("there", "another", heard.append, 5, load(file))
    assert heard == list(findings)
    assert not [finding.text for finding in findings if finding.verdict == "failure"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('kind = "calculator"', 'examine "stdio:toolyard serve calculator --stdio"'),
        ('url = "http://x/mcp"\nheaders = { A = "b" }', "sends a token, not headers"),
    ],
)
async def test_what_cannot_be_examined_is_a_sentence(tmp_path: Path, table: str, said: str) -> None:
    file = tmp_path / "t.toml"
    file.write_text(f"[tools.mine]\n{table}")
    with pytest.raises(ConfigError, match=said):
        await examine_target("mine", None, ignore, 5, load(file))


@pytest.mark.parametrize("target", ["stdio:no-such-program-here", "http://127.0.0.1:1/mcp"])
async def test_what_is_not_there_is_unreachable(target: str) -> None:
    with anyio.fail_after(20), pytest.raises(Unreachable):
        await examine_target(target, None, ignore, 5)
