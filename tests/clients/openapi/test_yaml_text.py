"""YAML as data, and YAML as a weapon."""

import time
from typing import Any

import pytest

from toolyard.clients.openapi.yaml_text import yaml_value
from toolyard.core.errors import ConfigError


def value(text: str, *, most_depth: int = 20, most_values: int = 1000) -> Any:
    return yaml_value(text, most_depth=most_depth, most_values=most_values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        ("[1, -2, 0x1F, 0o17, 1.5, 1e3, .5, 017]", [1, -2, 31, 15, 1.5, 1000.0, 0.5, 17]),
        ("[true, True, FALSE, null, ~, NULL, '']", [True, True, False, None, None, None, ""]),
        ("[yes, no, on, off, y, n, 1:30, 2024-01-31, 1_000]",
         ["yes", "no", "on", "off", "y", "n", "1:30", "2024-01-31", "1_000"]),
        ("['1', \"true\", !!str 3, ! x]", ["1", "true", "3", "x"]),
        ("200: ok\ntrue: yes\nnull: x", {"200": "ok", "true": "yes", "null": "x"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 7\nb: [*x, *x]", {"a": 7, "b": [7, 7]}),
        ("base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}",
         {"base": {"x": 1, "y": 2}, "own": {"x": 1, "y": 3}}),
        ("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}",
         {"a": {"x": 1}, "b": {"x": 2, "z": 3}, "c": {"x": 1, "z": 3}}),
        ("'<<': 1", {"<<": 1}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("a: !!map {b: !!seq [!!int 1]}", {"a": {"b": [1]}}),
        ("---\na: 1\n...\n", {"a": 1}),
    ],
)  # fmt: skip
def test_it_is_read_as_yaml_1_2_has_it(text: str, expected: Any) -> None:
    assert value(text) == expected


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "aliases counted"),
        ("a: &a [*a]", "not complete"),
        ("a: &a {b: *a}", "not complete"),
        ("a: *nobody", "not there"),
        ("&a x: 1\n*a : 2", "a key is an alias"),
        ("[" * 30 + "]" * 30, "nested over 20"),
        ("a: &a [[[[[[[[[[1]]]]]]]]]]\nb: [[[[[[[[[[[*a]]]]]]]]]]]", "nested over 20"),
        ("[" + "1," * 2000 + "]", "over 1000 values"),
        ("a: 1\nb: 2\na: 3", "'a' is there twice, at line 3"),
        ("a: 1\n'a': 2", "twice"),
        ("{[1]: 2}", "key is not a text"),
        ("? {a: 1}\n: 2", "key is not a text"),
        ("a: 1\n---\nb: 2", "second document"),
        ("a: !!python/object/apply:os.system ['true']", "tag"),
        ("a: !!python/name:os.system x", "tag"),
        ("a: !include /etc/passwd", "tag"),
        ("a: !!binary aGk=", "tag"),
        ("a: !!timestamp 2024-01-01", "tag"),
        ("a: !!set {b}", "tag"),
        ("a: .inf", None),
        ("a: 1e999", "no end"),
        ("a: " + "9" * 5000, "too long"),
        ("a: {<<: 3}", "no table"),
        ("a: [1", "not valid YAML at line"),
        ("a: b: c", "not valid YAML at line 1"),
        ("%TAG ! tag:x,2000:\n---\na: !y z", "tag"),
        ("a: \x01", "not valid YAML"),
        ("\t- a", "not valid YAML"),
    ],
    ids=range(28),
)  # fmt: skip
def test_what_is_no_plain_data_is_refused_at_once(text: str, message: str | None) -> None:
    began = time.monotonic()
    if message is None:
        assert value(text) == {"a": ".inf"}
    else:
        with pytest.raises(ConfigError, match=message):
            value(text)
    assert time.monotonic() - began < 2


def test_an_alias_is_shared_and_not_copied() -> None:
    read = value("a: &x [1]\nb: *x")
    assert read["a"] is read["b"]
