"""The text of a document becomes plain values, within bounds."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn, cast

from toolyard.core.errors import ConfigError
from toolyard.core.json_shape import tangle_in

MAX_BYTES = 16_777_216
MAX_DEPTH = 100
MAX_VALUES = 2_000_000


def read_document(content: bytes, what: str) -> dict[str, Any]:
    """The table that `content`, JSON or YAML in UTF-8, holds.

    Args:
        content: At most `MAX_BYTES`.
        what: What messages call the document.

    Raises:
        ConfigError: It is no such text, nested too deeply, or too large.
    """
    try:
        value = _value(_text(content), content)
    except ConfigError as error:
        raise ConfigError(f"The document {what}: {error}.") from None
    if not isinstance(value, dict):
        raise ConfigError(f"The document {what} is no table, as an OpenAPI document is.")
    return cast("dict[str, Any]", value)


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise ConfigError(f"it has over {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("it is not text in UTF-8") from None


def _value(text: str, content: bytes) -> Any:
    if text.lstrip()[:1] == "{":
        return _json(text, content)
    try:
        read = import_module("toolyard.clients.openapi.yaml_text").yaml_value
    except ImportError:
        raise ConfigError(
            'YAML needs another library: pip install "toolyard[openapi]", or convert it to JSON'
        ) from None
    return read(text, most_depth=MAX_DEPTH, most_values=MAX_VALUES)


def _json(text: str, content: bytes) -> Any:
    match tangle_in(content, most_depth=MAX_DEPTH, most_values=MAX_VALUES):
        case "depth":
            raise ConfigError(f"it is nested over {MAX_DEPTH} deep")
        case "values":
            raise ConfigError(f"it holds over {MAX_VALUES} values")
        case "encoding":
            raise ConfigError("it is not text in UTF-8")
        case None:
            pass
    try:
        return json.loads(
            text, object_pairs_hook=_table, parse_constant=_endless, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise ConfigError(f"it is not valid JSON at line {error.lineno}: {error.msg}") from None
    except ValueError:  # Python's bound on digits
        raise ConfigError("it cannot be used: a number is too long") from None


def _table(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        twice = next(
            name for name, count in Counter(name for name, _ in pairs).items() if count > 1
        )
        raise ConfigError(f"it cannot be used: the key {twice[:60]!r} is there twice")
    return table


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _endless(text)
    return number


def _endless(text: str) -> NoReturn:
    raise ConfigError("it cannot be used: a number has no end")
