"""Which line, which variable, which argument: as the user wrote it."""

import time

import pytest

from toolyard.config.places import Places, line_of

TEXT = """\
# port = 1
name = "x"
"port" = 8080
limits = { call_s = 1 }

[ tools . calculator ]  # the first
kind = "calculator"
options.depth = 3

[tools."a.b"]
url = "http://localhost"

[[tokens]]
name = "one"

[[tokens]]
name = "two"
scopes = [
  "*",
]

[[tokens]]

[jwt]
issuer = "x"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("port",), 3),
        (("limits", "call_s"), 4),
        (("tools", "calculator"), 6),
        (("tools", "calculator", "kind"), 7),
        (("tools", "calculator", "options", "depth"), 8),
        (("tools", "calculator", "prefix"), 6),
        (("tools", "a.b", "url"), 11),
        (("tokens", 0, "name"), 14),
        (("tokens", 1, "name"), 17),
        (("tokens", 1, "scopes", 0), 18),
        (("tokens", 2), 22),
        (("tokens", 2, "secret"), 22),
        (("jwt", "audience"), 24),
        (("host",), None),
        (("tokens", 7), None),
    ],
)
def test_an_option_is_found_on_its_line(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, path) == line


def test_a_long_line_takes_no_long_time() -> None:
    blanks = " " * 200_000
    lines = [
        f"[{blanks}",
        f"[a{blanks}b",
        f"a{blanks}",
        f"'{blanks}",
        '"' * 200_001,
        f"\t{blanks}[",
    ]
    before = time.process_time()
    assert line_of("\n".join([*lines, "port = 1"]), ("port",)) == len(lines) + 1
    assert time.process_time() - before < 1


def test_an_option_is_found_in_a_long_line() -> None:
    assert line_of(f"\n\t [ tools ]  # {'x' * 5000}", ("tools",)) == 2
    assert line_of(f"limits = {{ {'x' * 5000} }}", ("limits", "call_s")) == 1


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        (("port",), "--port"),
        (("allowed_hosts", 0), "--allowed-host"),
        (("allowed_origins", 3), "--allowed-origin"),
        (("trust_proxy", 0), "--trust-proxy"),
        (("token_file",), "--token-file"),
        (("drain_s",), "--drain"),
        (("limits", "call_s"), "--limit call_s"),
        (("tls", "certfile"), "--tls-cert"),
        (("tools", "calculator", "options", "depth"), "--set calculator.depth"),
        (("tools", "calculator"), "KIND 'calculator'"),
        (("tools", "other"), "--set other"),
    ],
)
def test_an_argument_is_named_as_it_is_typed(path: tuple[str | int, ...], argument: str) -> None:
    given = {
        "port": 1,
        "allowed_hosts": ["x"],
        "allowed_origins": ["x"],
        "trust_proxy": ["x"],
        "token_file": "x",
        "drain_s": 1,
        "limits": {"call_s": 1},
        "tls": {"certfile": "x"},
        "tools": {
            "calculator": {"kind": "calculator", "options": {"depth": 1}},
            "other": {"options": {"x": 1}},
        },
    }
    assert Places(given).of(path) == f"the argument {argument}"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        (("TOOLYARD_LIMITS__CALL_S",), "TOOLYARD_LIMITS__CALL_S"),
        (("toolyard_limits__call_s",), "TOOLYARD_LIMITS__CALL_S"),
        (("TOOLYARD_LIMITS",), "TOOLYARD_LIMITS"),
        (("TOOLYARD_LIMITS", "TOOLYARD_LIMITS__CALL_S"), "TOOLYARD_LIMITS__CALL_S"),
    ],
)
def test_the_variable_that_is_named_is_one_that_is_set(
    variables: tuple[str, ...], named: str
) -> None:
    places = Places({}, {"limits": {"call_s": "x"}}, variables)
    assert places.of(("limits", "call_s")) == f"{named} in the environment"


def test_the_strongest_source_that_gave_an_option_is_named() -> None:
    both = Places({"port": 1}, {"port": 2, "host": "x"}, ("TOOLYARD_PORT", "TOOLYARD_HOST"))
    assert both.of(("port",)) == "the argument --port"
    assert both.of(("host",)) == "TOOLYARD_HOST in the environment"
    assert both.of(("name",)) == "'name' in toolyard.toml"


def test_what_is_missing_is_missed_where_its_table_is() -> None:
    places = Places({"tls": {"certfile": "x"}}, file_text='[jwt]\nissuer = "x"')
    assert places.of(("tls", "keyfile"), missing=True) == "the argument --tls-key"
    missing = places.of(("jwt", "audience"), missing=True)
    assert missing == "'jwt.audience' in toolyard.toml, line 1"
