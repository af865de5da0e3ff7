"""File, environment and arguments: who wins, and what is said of what is wrong."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest

from toolyard.config.loading import load
from toolyard.config.reading import MAX_BYTES
from toolyard.core.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def refusal(file: Path | None = None, arguments: dict[str, Any] | None = None) -> str:
    with pytest.raises(ConfigError) as refused:
        load(file, arguments)
    return str(refused.value)


def test_arguments_win_over_the_environment_and_that_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('name = "file"\nhost = "file"\nport = 1')
    monkeypatch.setenv("TOOLYARD_HOST", "environment")
    monkeypatch.setenv("TOOLYARD_PORT", "2")
    settings = load(file, {"port": 3})
    assert (settings.name, settings.host, settings.port) == ("file", "environment", 3)


def test_tables_are_laid_over_each_other_key_by_key(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(
        "[limits]\ncall_s = 1\nbody_s = 1\ndepth = 1\n"
        '[tools.calculator]\nkind = "calculator"\nprefix = "file"\n[tools.a]\nkind = "a"'
    )
    monkeypatch.setenv("TOOLYARD_LIMITS__BODY_S", "2")
    monkeypatch.setenv("TOOLYARD_LIMITS__DEPTH", "2")
    monkeypatch.setenv("TOOLYARD_TOOLS__A__ENABLED", "false")
    settings = load(file, {"limits": {"depth": "3"}, "tools": {"calculator": {"kind": "other"}}})
    limits = settings.limits
    assert (limits.call_s, limits.body_s, limits.depth) == (1, 2, 3)
    assert settings.tools["calculator"].kind == "other"
    assert settings.tools["calculator"].prefix == "file"
    assert not settings.tools["a"].enabled


def test_lists_replace_each_other(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('allow = ["10.0.0.1"]\ndeny = ["10.0.0.2"]')
    monkeypatch.setenv("TOOLYARD_ALLOW", "10.0.0.3, 10.0.0.4")
    settings = load(file, {"deny": ["10.0.0.5"]})
    assert settings.allow == ["10.0.0.3", "10.0.0.4"]
    assert settings.deny == ["10.0.0.5"]


def test_an_empty_list_of_allowed_addresses_is_not_the_same_as_none(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load().allow is None
    file.write_text("allow = []")
    assert load(file).allow == []
    monkeypatch.setenv("TOOLYARD_ALLOW", "")
    assert load().allow == []


FILE_ERRORS = [
    ("prot = 1", "There is no option 'prot' in mine.toml, line 1; did you mean 'port'?"),
    ("\nport = 70000", "'port' in mine.toml, line 2: input should be less than or equal to 65535"),
    ('port = "tcp://x"', "'port' in mine.toml, line 1: input should be a valid integer"),
    ("[limits]\ncalls_s = 1", "'limits.calls_s' in mine.toml, line 2; did you mean 'call_s'?"),
    ("[limits]\ncall_s = 0", "'limits.call_s' in mine.toml, line 2: input should be greater than"),
    ("limits = 3", "'limits' in mine.toml, line 1: input should be"),
    ("[tls]\ncertfile = 'x'", "'tls.keyfile' in mine.toml, line 1: field required."),
    ("[tools.a]\nkinds = 'x'", "'tools.a.kinds' in mine.toml, line 2; did you mean 'kind'?"),
    ("tools = 'x'", "'tools' in mine.toml, line 1: input should be a valid dictionary"),
    ("[[tokens]]\nenv = 'A'\n[[tokens]]\nscope = []", "'tokens.1.scope' in mine.toml, line 4"),
    ("[jwt]\nissuer = 'x'", "'jwt.audience' in mine.toml, line 1: field required."),
    ("allow = [1]", "'allow.0' in mine.toml, line 1: input should be a valid string (it is 1)."),
    ("allow = {}", "'allow' in mine.toml, line 1: input should be a valid list"),
    ("drain_s = -1", "'drain_s' in mine.toml, line 1"),
    ("drain_s = nan", "'drain_s' in mine.toml, line 1"),
    ("name = ''", "'name' in mine.toml, line 1"),
    ("host = ''", "'host' in mine.toml, line 1"),
    ("port = x", "mine.toml is not valid TOML: Invalid value (at line 1"),
    ("port = 1\nport = 2", "mine.toml is not valid TOML: Cannot overwrite a value"),
    ("a = " + "[" * 5000, "mine.toml is not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), FILE_ERRORS, ids=[text[:30] for text, _ in FILE_ERRORS])
def test_what_is_wrong_in_the_file_is_named_with_its_line(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert said in refusal(file)


def test_everything_that_is_wrong_is_said_at_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("prot = 1")
    monkeypatch.setenv("TOOLYARD_PORT", "x")
    said = refusal(file, {"limits": {"call_s": "x"}}).splitlines()
    assert len(said) == 3
    assert said[0].startswith("TOOLYARD_PORT in the environment: ")
    assert said[1].startswith("The argument --limit call_s: ")
    assert said[2].startswith("There is no option 'prot' in mine.toml, line 1")


@pytest.mark.parametrize(
    "name",
    [
        "_env_file",
        "_env_prefix",
        "_secrets_dir",
        "_cli_parse_args",
        "_cli_settings_source",
        "_build_sources",
        "_init_kwargs",
        "__pydantic_self__",
        "self",
        "values",
        "model_config",
    ],
)
@pytest.mark.parametrize("value", ["1", "true", '"secret.env"', '{ "port" = 9 }'])
def test_nothing_but_the_options_can_be_set_from_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.chdir(file.parent)
    (file.parent / "secret.env").write_text("TOOLYARD_INSECURE=true\n")
    file.write_text(f"port = 1\n{name} = {value}")
    assert refusal(file).startswith(f"There is no option {name!r} in mine.toml, line 2")


def test_of_very_many_problems_the_first_are_told(file: Path) -> None:
    file.write_text("\n".join(f"unknown_{n} = 1" for n in range(20_000)))
    before = time.process_time()
    said = refusal(file).splitlines()
    assert time.process_time() - before < 5
    assert len(said) == 21
    assert said[0] == "There is no option 'unknown_0' in mine.toml, line 1."
    assert said[-1] == "There are 19980 more problems."


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_ordinary_file_is_not_read(file: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero")
    assert refusal(file) == "The file 'mine.toml' cannot be read; it is no ordinary file."


def test_a_file_has_a_largest_size(file: Path) -> None:
    file.write_text("#" * MAX_BYTES)
    load(file)
    file.write_text("#" * MAX_BYTES + "\n")
    assert refusal(file) == "The file 'mine.toml' is larger than 1048576 bytes."


def test_a_number_that_is_too_long_is_named_with_its_line(file: Path) -> None:
    file.write_text("name = 'x'\nport = " + "9" * 5000)
    assert refusal(file) == "mine.toml, line 2: a number is too long."


def test_what_is_nested_too_deeply_is_a_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(f"[tools.x]\nkind = 'y'\noptions{'.a' * 3000} = 1")
    monkeypatch.setenv(f"TOOLYARD_TOOLS__X__OPTIONS{'__A' * 3000}", "1")
    assert refusal(file) == "The options in mine.toml are nested too deeply."


def test_a_file_that_is_not_there_or_is_no_text_is_a_sentence(file: Path, tmp_path: Path) -> None:
    assert refusal(file) == "The file 'mine.toml' cannot be read; is it there?"
    assert "cannot be read; is it there?" in refusal(tmp_path / ("x" * 300))
    assert "cannot be read; is it there?" in refusal(tmp_path / "a\x00b")
    file.write_bytes(b"\xff\xfe")
    assert refusal(file) == "The file 'mine.toml' is not UTF-8 text."


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TOOLYARD_PORT", "tcp://10.0.0.1:80", "TOOLYARD_PORT in the environment: input should"),
        ("toolyard_port", "x", "TOOLYARD_PORT in the environment: "),
        ("TOOLYARD_STDIO", "maybe", "TOOLYARD_STDIO in the environment: "),
        ("TOOLYARD_LIMITS__CALL_S", "x", "TOOLYARD_LIMITS__CALL_S in the environment: "),
        ("TOOLYARD_LIMITS", '{"call_s": "x"}', "TOOLYARD_LIMITS in the environment: "),
        ("TOOLYARD_LIMITS__CALLS", "1", "no option TOOLYARD_LIMITS__CALLS in the environment"),
        ("TOOLYARD_LIMITS", "{", "TOOLYARD_LIMITS in the environment is not the JSON"),
        ("TOOLYARD_TOKENS", "[", "TOOLYARD_TOKENS in the environment is not the JSON"),
        ("TOOLYARD_TOKENS", "[" * 20_000, "TOOLYARD_TOKENS in the environment is not the JSON"),
        ("TOOLYARD_TOOLS", "[" * 20_000, "TOOLYARD_TOOLS in the environment is not the JSON"),
        ("TOOLYARD_TOOLS__A__OPTIONS", "[" * 20_000, "TOOLYARD_TOOLS__A__OPTIONS in the"),
        (f"TOOLYARD_TOOLS{'__A' * 3000}", "[" * 20_000, f"TOOLYARD_TOOLS{'__A' * 14}_... in the"),
        (f"TOOLYARD_TOOLS{'__A' * 3000}", "1", "There is no option TOOLYARD_TOOLS__A__A in the"),
        ("TOOLYARD_TOKENS", "9" * 5000, "TOOLYARD_TOKENS in the environment is not the JSON"),
        ("TOOLYARD_TOOLS__A__HEADERS", "{", "TOOLYARD_TOOLS__A__HEADERS in the environment is not"),
        ("TOOLYARD_TOOLS__A__KIND__B", "x", "TOOLYARD_TOOLS__A__KIND in the environment: "),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_wrong_in_the_environment_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert said in refusal()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"port": 99999}, "The argument --port: "),
        ({"limits": {"call_s": "x"}}, "The argument --limit call_s: "),
        ({"limits": {"calls": "1"}}, "There is no option --limit calls; did you mean 'call_s'?"),
        ({"tls": {"certfile": "x"}}, "The argument --tls-key: field required."),
        ({"drain_s": -1.0}, "The argument --drain: "),
        ({"tools": {"a": {"options": {"x": 1}}}}, "The argument --set a: give exactly one of"),
    ],
)
def test_what_is_wrong_with_an_argument_is_named_as_it_was_typed(
    arguments: dict[str, Any], said: str
) -> None:
    assert said in refusal(None, arguments)


SECRET = "s3cret-value"
LEAKS = [
    f"token = {SECRET}",
    f'token = "{SECRET}"\nport = "x"',
    f'token = {{ a = "{SECRET}" }}',
    f'token = ["{SECRET}", 1]',
    f'[[tokens]]\nsecret = "{SECRET}"\nenv = "X"',
    f'[[tokens]]\nsecret = ["{SECRET}"]',
    f'tokens = "{SECRET}"',
    f'[jwt]\nissuer = "x"\nkey = ["{SECRET}"]',
    f'jwt = "{SECRET}"',
    f'[tls]\ncertfile = "x"\npassword = ["{SECRET}"]',
    f'[tools.a]\nurl = "x"\nkind = "y"\ntoken = "{SECRET}"',
    f'[tools.a]\nurl = ["http://user:{SECRET}@x"]',
    f'[tools.a]\nurl = "x"\nheaders = {{ Authorization = ["{SECRET}"] }}',
    f'[tools.a]\ncommand = "x --key {SECRET}"',
    f'[tools.a]\ncommand = ["x"]\nenv = {{ KEY = ["{SECRET}"] }}',
    f'[tools.a]\nkind = "x"\noptions = "{SECRET}"',
    f'[tools]\na = "https://user:{SECRET}@host/mcp"',
    f'tools = "{SECRET}"',
    f'tls = "{SECRET}"',
    f'limits = "{SECRET}"',
    f'[tls]\ncertfile = 1\nkeyfile = "{SECRET}"',
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_message_shows_a_secret(file: Path, text: str) -> None:
    file.write_text(text)
    assert SECRET not in refusal(file)


def test_no_message_shows_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in [
        ("TOOLYARD_TOKENS", f'[{{"secret": "{SECRET}"'),
        ("TOOLYARD_TOKENS", f'[{{"secrets": "{SECRET}"}}]'),
        ("TOOLYARD_JWT__KEY", SECRET),
        ("TOOLYARD_TOOLS", f'{{"a": {{"token": "{SECRET}"}}}}'),
        ("TOOLYARD_TOOLS", f'{{"a": "{SECRET}"}}'),
        ("TOOLYARD_TOOLS__A", f'{{"token": "{SECRET}"'),
        ("TOOLYARD_TOOLS__A__HEADERS__X", f'["{SECRET}"]'),
        ("TOOLYARD_TLS", f'["{SECRET}"]'),
        ("TOOLYARD_JWT", f'"{SECRET}"'),
    ]:
        with monkeypatch.context() as patched:
            patched.setenv(variable, value)
            assert SECRET not in refusal()


def test_settings_do_not_show_their_secrets(file: Path) -> None:
    file.write_text(
        f'token = "{SECRET}"\n[[tokens]]\nsecret = "{SECRET}"\n'
        f'[jwt]\nissuer = "x"\naudience = "y"\nkey = "{SECRET}"\n'
        f'[tools.a]\nurl = "http://x"\nheaders = {{ Authorization = "{SECRET}" }}'
    )
    assert SECRET not in repr(load(file))


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        (
            "TOOLYARD_TOKN",
            "TOOLYARD_TOKN, which is set in the environment; did you mean 'TOOLYARD_",
        ),
        ("TOOLYARD_LIMIT__CALL_S", "TOOLYARD_LIMIT, which"),
        ("TOOLYARD_QQQQQQ", "TOOLYARD_QQQQQQ, which is set in the environment"),
    ],
)
def test_a_variable_that_means_nothing_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variable: str, said: str
) -> None:
    monkeypatch.setenv(variable, SECRET)
    with caplog.at_level(logging.WARNING, "toolyard"):
        load()
    assert said in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "variable",
    [
        "TOOLYARD_PORT",
        "TOOLYARD_LIMITS__CALL_S",
        "TOOLYARD_SERVICE_HOST",
        "TOOLYARD_SERVICE_PORT",
        "TOOLYARD_SERVICE_PORT_HTTP",
        "TOOLYARD_PORT_8080_TCP",
        "TOOLYARD_PORT_8080_TCP_ADDR",
        "TOOLYARDS",
    ],
)
def test_what_is_known_or_comes_from_kubernetes_is_not_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    with caplog.at_level(logging.WARNING, "toolyard"):
        load()
    assert caplog.text == ""
