"""`toolyard serve`, started as a user would start it."""

import json
import signal
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.cli.command import Toolyard
from tests.support.process import Finished, Running, run, running
from tests.support.serving import COMMAND

from toolyard.cli.app import app_for
from toolyard.cli.starting import arguments_in
from toolyard.config.approvals import approve
from toolyard.config.loading import load
from toolyard.config.places import OPTIONS
from toolyard.config.settings import Settings
from toolyard.core.errors import ConfigError

BUFFERED = {"PYTHONUNBUFFERED": ""}
"""Python's usual way, whatever the tests themselves run with."""
SERVE: Any = typer.main.get_command(app_for([]))
PRINTING = '''
import sys
from toolyard import Toolbox

print("at the top")
tools = Toolbox()
other = Toolbox()

@tools.tool
def add(a: float, b: float) -> float:
    """Add two numbers."""
    print("in the tool")
    return a + b
'''


def settings_of(*words: str, file: Path | None = None) -> Settings:
    """The settings that a command line says."""
    with SERVE.commands["serve"].make_context("serve", list(words)) as context:
        return load(file, arguments_in(context.params))


TOKENS = [{"name": "a", "env": "A", "scopes": ["metrics"]}]
SERVERS = str(Path(__file__).with_name("mcp.json"))
TLS = {"certfile": "c.pem", "keyfile": "k.pem"}
JWT = {"issuer": "i", "audience": "a", "key": "k", "algorithms": ["HS256"]}

# An option: how the file says it, how the environment, and how the arguments, if they can.
WAYS: Mapping[str, tuple[str, Mapping[str, str], list[str] | None]] = {
    "name": ('name = "x"', {"NAME": "x"}, ["--name", "x"]),
    "host": ('host = "::1"', {"HOST": "::1"}, ["--host", "::1"]),
    "port": ("port = 0", {"PORT": "0"}, ["--port", "0"]),
    "workers": ("workers = 3", {"WORKERS": "3"}, ["--workers", "3"]),
    "stdio": ("stdio = true", {"STDIO": "1"}, ["--stdio"]),
    "token": ('token = ["a", "-b"]', {"TOKEN": "a,-b"}, ["--token", "a", "--token=-b"]),
    "tokens": (
        '[[tokens]]\nname = "a"\nenv = "A"\nscopes = ["metrics"]',
        {"TOKENS": json.dumps(TOKENS)},
        None,
    ),
    "token_file": ('token_file = "t"', {"TOKEN_FILE": "t"}, ["--token-file", "t"]),
    "jwt": (
        '[jwt]\nissuer = "i"\naudience = "a"\nkey = "k"\nalgorithms = ["HS256"]',
        {
            "JWT__ISSUER": "i",
            "JWT__AUDIENCE": "a",
            "JWT__KEY": "k",
            "JWT__ALGORITHMS": '["HS256"]',
        },
        None,
    ),
    "allow": ('allow = ["a", "b"]', {"ALLOW": "a, b"}, ["--allow", "a", "--allow", "b"]),
    "deny": ('deny = ["a"]', {"DENY": "a"}, ["--deny", "a"]),
    "trust_proxy": ('trust_proxy = ["a"]', {"TRUST_PROXY": "a"}, ["--trust-proxy", "a"]),
    "proxy_header": ('proxy_header = "x"', {"PROXY_HEADER": "x"}, ["--proxy-header", "x"]),
    "allowed_hosts": ('allowed_hosts = ["a"]', {"ALLOWED_HOSTS": "a"}, ["--allowed-host", "a"]),
    "allowed_origins": (
        'allowed_origins = ["a"]',
        {"ALLOWED_ORIGINS": "a"},
        ["--allowed-origin", "a"],
    ),
    "rate": ('rate = "1/s"', {"RATE": "1/s"}, ["--rate", "1/s"]),
    "insecure": ("insecure = true", {"INSECURE": "true"}, ["--insecure"]),
    "instructions": ('instructions = ""', {"INSTRUCTIONS": ""}, ["--instructions", ""]),
    "drain_s": ("drain_s = 0", {"DRAIN_S": "0"}, ["--drain", "0"]),
    "stateless": ("stateless = true", {"STATELESS": "1"}, ["--stateless"]),
    "state_key": ('state_key = ["a", "b"]', {"STATE_KEY": "a, b"}, None),
    "control": ("control = true", {"CONTROL": "true"}, ["--control"]),
    "fast_lane": ("fast_lane = false", {"FAST_LANE": "false"}, None),
    "watch": ('watch = "all"', {"WATCH": "all"}, ["--watch", "all"]),
    "limits": (
        "[limits]\ncall_s = 1.5\ndepth = 3",
        {"LIMITS__CALL_S": "1.5", "LIMITS__DEPTH": "3"},
        ["--limit", "call_s=1.5", "--limit", "depth=3"],
    ),
    "mcp_servers": (
        f"mcp_servers = ['{SERVERS}']",
        {"MCP_SERVERS": SERVERS},
        ["--mcp-servers", SERVERS],
    ),
    "results": ("[results]\nmax_bytes = 5", {"RESULTS__MAX_BYTES": "5"}, None),
    "tls": (
        '[tls]\ncertfile = "c.pem"\nkeyfile = "k.pem"',
        {"TLS__CERTFILE": "c.pem", "TLS__KEYFILE": "k.pem"},
        ["--tls-cert", "c.pem", "--tls-key", "k.pem"],
    ),
    "tools": (
        '[tools.mine]\nkind = "a/mine.py:x"\noptions = { deep = 3, text = "t" }',
        {"TOOLS__MINE__KIND": "a/mine.py:x", "TOOLS__MINE__OPTIONS": '{"deep": 3, "text": "t"}'},
        ["a/mine.py:x", "--set", "mine.deep=3", "--set", "mine.text=t"],
    ),
}


@pytest.mark.parametrize("option", Settings.model_fields)
def test_an_option_can_be_said_in_every_way(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file, in_environment, in_arguments = WAYS[option]
    file = tmp_path / "t.toml"
    file.write_text(in_file)
    said = load(file)
    assert getattr(said, option) != getattr(Settings.model_validate({}), option)
    if in_arguments is not None:
        assert settings_of(*in_arguments) == said
    for name, value in in_environment.items():
        monkeypatch.setenv(f"TOOLYARD_{name}", value)
    assert load() == said


def test_every_spelling_that_errors_use_is_an_option() -> None:
    there = {name for parameter in SERVE.commands["serve"].params for name in parameter.opts}
    assert set(OPTIONS.values()) <= there
    assert {"--limit", "--set"} <= there


def test_a_certificate_may_be_in_the_file_and_its_key_in_an_argument(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text('[tls]\ncertfile = "c.pem"\nkeyfile = "other.pem"\npassword = "p"')
    tls = settings_of("--tls-key", "k.pem", file=file).tls
    assert tls is not None
    assert (str(tls.certfile), str(tls.keyfile)) == ("c.pem", "k.pem")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "call_s"], "--limit takes NAME=VALUE, not 'call_s'."),
        (["--limit", "=1"], "--limit takes NAME=VALUE, not '=1'."),
        (["--limit", "calls=1"], "There is no option --limit calls; did you mean 'call_s'?"),
        (["--limit", "call_s=x"], "The argument --limit call_s: "),
        (["--set", "a.b"], "--set takes NAME=VALUE, not 'a.b'."),
        (["--set", "a=b"], "--set takes KIND.OPTION=VALUE, not 'a=b'."),
        (["--set", "a.b=c"], "The argument --set a: give exactly one of kind, url, command."),
        (["a/x.py", "b/x.py:y"], "Two KINDs are named 'x'"),
        (["--port", "65536"], "The argument --port: "),
        (["--drain", "-1"], "The argument --drain: "),
        (["--host", ""], "The argument --host: "),
        (["--tls-cert", "c.pem"], "The argument --tls-key: field required."),
    ],
)
def test_a_wrong_argument_is_named_as_it_was_typed(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(*words)
    assert said in str(refused.value)


# From here on it is run, in this process where it ends at once.


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "There is nothing to serve: name a KIND"),
        (["nothing"], "There is no kind 'nothing'; there are bash"),
        (["nothing.py"], "There is no file 'nothing.py'."),
        (["broken.py"], "broken.py, line 2: SyntaxError: "),
        (["printing.py"], "printing.py has several sources; say which: printing.py:NAME"),
        (["printing.py:nothing"], "has no source of tools 'nothing'; there are: tools, other."),
        (["calculator", "--set", "calculator.deep=1"], "does not take the options deep; it has"),
        (["calculator", "--host", "0.0.0.0"], "would let everyone in"),
        (["calculator", "--host", "192.0.2.1", "--insecure"], "not an address of this machine"),
        (["calculator", "--allow", "10.0.0.0/33"], "allow: '10.0.0.0/33' is not"),
        (["calculator", "--allow", ""], "allow: '' is not"),
        (["calculator", "--deny", "x"], "deny: 'x' is not"),
        (["calculator", "--trust-proxy", "x"], "'x' is not an IP address"),
        (["calculator", "--proxy-header", "a b"], "'a b' is not the name of a header"),
        (["calculator", "--allowed-host", "a b"], "'a b' is not a host"),
        (["calculator", "--allowed-origin", "a b"], "'a b' is not an origin"),
        (["calculator", "--rate", "often"], "'often' is not a rate"),
        (["calculator", "--token", "s3cret s3cret"], "A token is letters, digits"),
        (["calculator", "--token", "a1b2", "--token", "a1b2"], "Two tokens have the same secret"),
        (["calculator", "--token-file", "no.jsonl"], "no.jsonl"),
        (["calculator", "--tls-cert", "c.pem", "--tls-key", "k.pem"], "'c.pem' for TLS"),
        (["calculator", "--config", "no.toml"], "The file 'no.toml' cannot be read"),
        (["calculator", "--config", "broken.py"], "broken.py is not valid TOML"),
        (["printing.py:tools", "printing2.py:tools"], "'add'"),
    ],
)
def test_what_cannot_be_served_ends_with_2_and_a_sentence(
    toolyard: Toolyard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text("x = 1\nx = = 2\n")
    (tmp_path / "printing.py").write_text(PRINTING)
    (tmp_path / "printing2.py").write_text(PRINTING)
    told = toolyard("serve", "--port", "0", *words)
    assert (told.code, told.output) == (2, ""), told
    assert said in told.errors
    assert "Traceback" not in told.errors
    assert "s3cret" not in told.errors


NETWORK: list[list[str]] = [
    ["--host", "127.0.0.1"],
    ["--port", "0"],
    ["--workers", "2"],
    ["--token", "s3cret"],
    ["--new-token"],
    ["--token-file", "t"],
    ["--allow", "::1"],
    ["--deny", "::1"],
    ["--trust-proxy", "::1"],
    ["--proxy-header", "forwarded"],
    ["--allowed-host", "a"],
    ["--allowed-origin", "http://a"],
    ["--rate", "1/s"],
    ["--limit", "body_bytes=9"],
    ["--drain", "0"],
    ["--stateless"],
    ["--tls-cert", "c.pem", "--tls-key", "k.pem"],
    ["--insecure"],
    ["--json"],
]


@pytest.mark.parametrize("words", NETWORK, ids=lambda words: words[0])
def test_over_stdio_an_argument_about_the_network_is_refused_by_name(
    toolyard: Toolyard, words: list[str]
) -> None:
    told = toolyard("serve", "calculator", "--stdio", *words)
    assert (told.code, told.output) == (2, "")
    assert words[0] in told.errors
    assert "for HTTP; over stdio only the host" in told.errors
    assert "s3cret" not in told.errors


def test_all_arguments_that_mean_nothing_over_stdio_are_named(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLYARD_STDIO", "1")
    words = ["--limit", "body_bytes=9", "--limit", "call_s=9", "--tls-cert", "c", "--tls-key", "k"]
    told = toolyard("serve", "calculator", "--rate", "1/s", *words)
    assert "--rate, --limit body_bytes, --tls-cert, --tls-key are for HTTP" in told.errors


def test_every_option_is_about_the_network_or_for_both_ways() -> None:
    both = {"--config", "--name", "--stdio", "--instructions", "--limit", "--set", "--quiet"}
    both |= {"--control", "--watch"}
    both |= {"--mcp-servers"}
    refused = {word for words in NETWORK for word in words if word.startswith("--")}
    offered = {name for parameter in SERVE.commands["serve"].params for name in parameter.opts}
    assert {name for name in offered if name.startswith("--")} == both | refused


def test_a_file_for_http_serves_over_stdio_too(tmp_path: Path) -> None:
    file = tmp_path / "shared.toml"
    file.write_text(
        'port = 8080\ntoken = ["s3cret"]\nrate = "1/s"\nallow = ["10.0.0.0/8"]\n'
        '[limits]\nbody_bytes = 1000\n[tools.calculator]\nkind = "calculator"\n'
    )
    words = ["--config", str(file), "--stdio", "--limit", "call_s=5", "--name", "mine"]
    environment = {"TOOLYARD_HOST": "127.0.0.1"}
    command = [COMMAND, "serve", *words]
    with running(command, directory=tmp_path, environment=environment) as server:
        server.send(initialize())
        assert json.loads(server.line())["result"]["serverInfo"]["name"] == "mine"


def test_a_port_that_is_taken_ends_with_2(toolyard: Toolyard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = toolyard("serve", "calculator", "--port", port)
    assert (told.code, told.output) == (2, "")
    assert f"port {port}: it is in use" in told.errors


@pytest.mark.parametrize(
    "source",
    ['url = "http://127.0.0.1:1/mcp"', 'command = ["no-such-program-here", "--key", "s3cret"]'],
)
def test_a_remote_source_that_is_not_there_is_told_and_waited_for(
    tmp_path: Path, source: str
) -> None:
    file = tmp_path / "t.toml"
    file.write_text(f"[tools.far]\n{source}")
    with serving("--config", str(file), directory=tmp_path) as (server, url):
        server.answers(url.replace("/mcp", "/readyz"))
        assert "'far' is unreachable and its tools are not listed" in server.output
        assert "s3cret" not in server.output


@contextmanager
def serving(
    *words: str, directory: Path, environment: Mapping[str, str] | None = None
) -> Generator[tuple[Running, str]]:
    """`toolyard serve` on a free port, and its URL once it says so."""
    command = [COMMAND, "serve", "--port", "0", *words]
    with running(command, directory=directory, environment=environment) as server:
        url = server.line("URL|url").split("URL")[-1].strip(" │")
        yield server, json.loads(url)["url"] if url.startswith("{") else url


def stopped(server: Running, number: signal.Signals) -> int:
    """The exit code after a signal."""
    server._process.send_signal(number)
    return server._process.wait(15)


def test_the_calculator_is_served_as_written(toolyard: Toolyard, tmp_path: Path) -> None:
    """The command line of the first page, but for the port."""
    words = ["calculator", "--token", "s3cret", "--allow", "10.0.0.0/8", "--allow", "127.0.0.1"]
    with serving(*words, directory=tmp_path) as (server, url):
        token = ["--token", "s3cret"]
        assert "calculator" in toolyard("tools", url, *token).output
        expression = '{"expression": "mean([1, 2, 3]) + 10"}'
        assert toolyard("call", url, "calculator", expression, *token).output == "12\n"
        assert toolyard("tools", url).code == 3
        assert "s3cret" not in server.output
        assert stopped(server, signal.SIGINT) == 0
    assert toolyard("tools", url, *token).code == 4


def test_a_script_learns_the_url_and_a_new_token_at_once(
    toolyard: Toolyard, tmp_path: Path
) -> None:
    words = ["serve", "calculator", "--port", "0", "--new-token", "--json", "--quiet"]
    with running([COMMAND, *words], directory=tmp_path, environment=BUFFERED) as server:
        told = json.loads(server.line())
        call = ["calculator", "expression=1+1", "--token", told["token"]]
        assert toolyard("call", told["url"], *call).output == "2\n"
        assert toolyard("tools", told["url"]).code == 3
        assert stopped(server, signal.SIGTERM) == 0
    said = server.output.splitlines()
    assert [line for line in said if " WARNING " not in line] == [json.dumps(told)]


def test_a_file_the_environment_and_arguments_are_served_together(
    toolyard: Toolyard, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(PRINTING)
    text = (
        'name = "from the file"\nport = 1\n'
        '[tools.calculator]\nkind = "calculator"\nprefix = "math"\n'
        '[tools.mine]\nkind = "mine.py:tools"\n'
    )
    (tmp_path / "toolyard.toml").write_text(text)
    approve(tmp_path / "toolyard.toml", text)
    environment = {"TOOLYARD_TOKEN": "a-token-of-the-environment", "TOOLYARD_PORT": "2"}
    with serving(directory=tmp_path, environment=environment) as (server, url):
        told = toolyard("tools", url, "--token", "a-token-of-the-environment", "--json")
        assert [tool["name"] for tool in json.loads(told.output)] == ["math_calculator", "add"]
        assert "Name   from the file" in server.output
        assert "export TOOLYARD_TOKEN=..." in server.output


def initialize(number: int = 1) -> str:
    about = {"name": "t", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": about}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "initialize", "params": params})


def test_over_stdio_nothing_but_the_protocol_is_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PRINTING)
    call = {"name": "add", "arguments": {"a": 1, "b": 2}}
    request = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    command = [COMMAND, "serve", "mine.py:tools", "--stdio"]
    with running(command, directory=tmp_path, environment=BUFFERED) as server:
        server.send(initialize())
        first = server.line()
        server.send(json.dumps(initialized))
        server.send(json.dumps(request))
        second = server.line()
        assert server._process.stdin is not None
        server._process.stdin.close()
        assert server._process.wait(15) == 0
        with pytest.raises(TimeoutError):
            server.line(timeout_s=5)
    assert json.loads(first)["result"]["protocolVersion"] == "2025-11-25"
    assert json.loads(second)["result"]["structuredContent"] == {"result": 3.0}
    assert "at the top" in server.output
    assert "in the tool" in server.output


def test_over_stdio_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with running([COMMAND, "serve", "calculator", "--stdio"], directory=tmp_path) as server:
        server.send(initialize())
        server.line()
        assert stopped(server, signal.SIGINT) == 0
    assert "Traceback" not in server.output


def test_ctrl_c_during_a_call_ends_with_130_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import sys, anyio\nfrom toolyard import tool\n"
        '@tool\nasync def wait() -> None:\n    """Wait."""\n'
        '    print("waiting", file=sys.stderr, flush=True)\n    await anyio.sleep_forever()\n'
    )
    target = f"stdio:'{COMMAND}' serve '{tmp_path / 'slow.py'}' --stdio"
    script = f"""'{COMMAND}' call "{target}" wait 2>&1"""
    with running(["sh", "-c", f"exec {script}"], directory=tmp_path) as call:
        call.line("waiting")
        assert stopped(call, signal.SIGINT) == 130
    assert "Traceback" not in call.output


def test_a_mistyped_variable_is_warned_of(tmp_path: Path) -> None:
    environment = {"TOOLYARD_TOKN": "hidden-hidden", "TOOLYARD_SERVICE_HOST": "10.0.0.1"}
    told: Finished = run([COMMAND, "serve", "nothing"], environment=environment, directory=tmp_path)
    assert told.code == 2
    assert "no option TOOLYARD_TOKN" in told.errors
    assert "SERVICE_HOST" not in told.errors
    assert "hidden" not in told.errors
