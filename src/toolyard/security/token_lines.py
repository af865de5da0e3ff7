"""The text of a token file: one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import cast

from toolyard.core.errors import ConfigError
from toolyard.security.tokens import Token, TokenSet

_FIELDS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "sha256": (str,),
    "scopes": (list,),
    "not_before": (int, type(None)),
    "not_after": (int, type(None)),
    "revoked": (bool,),
}
_REQUIRED = frozenset({"name", "sha256", "scopes"})


def write_token(token: Token) -> str:
    """The line of a token file that keeps `token`, without the newline."""
    record = {
        "name": token.name,
        "sha256": token.digest,
        "scopes": sorted(token.scopes),
        "not_before": token.not_before,
        "not_after": token.not_after,
        "revoked": token.revoked,
    }
    return json.dumps({key: value for key, value in record.items() if value not in (None, False)})


def read_tokens(text: str) -> TokenSet:
    """The tokens of a file: one JSON object per line; empty lines and `#` comments are skipped.

    A record has `name`, `sha256` and `scopes`, and may have `not_before`, `not_after` (Unix
    seconds) and `revoked`.

    Raises:
        ConfigError: The message names the line, and shows nothing of it.
    """
    tokens: list[Token] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        token = _read_line(line, number)
        if token.digest in lines:
            raise ConfigError(f"Line {number} has the same secret as line {lines[token.digest]}.")
        lines[token.digest] = number
        tokens.append(token)
    return TokenSet(tokens)


def _read_line(line: str, number: int) -> Token:
    try:
        return _token(json.loads(line))
    except ConfigError as error:
        raise ConfigError(f"Line {number}: {error}") from None
    except (ValueError, RecursionError):
        # The parser's own words quote the line.
        raise ConfigError(f"Line {number} is not a JSON object.") from None


def _token(parsed: object) -> Token:
    if not isinstance(parsed, dict):
        raise ConfigError("a token is a JSON object.")
    record = cast("dict[str, object]", parsed)
    if not record.keys() <= _FIELDS.keys() or not record.keys() >= _REQUIRED:
        raise ConfigError(f"a token needs {_words(_REQUIRED)} and may have {_words(_FIELDS)} only.")
    for key, value in record.items():
        # Exact types: JSON's true is an int to Python.
        if type(value) not in _FIELDS[key]:
            raise ConfigError(f"{key} is of the wrong type.")
    scopes = cast("list[object]", record["scopes"])
    if not all(isinstance(scope, str) for scope in scopes):
        raise ConfigError("scopes is a list of texts.")
    return Token(
        name=cast("str", record["name"]),
        digest=cast("str", record["sha256"]),
        scopes=frozenset(cast("list[str]", scopes)),
        not_before=cast("int | None", record.get("not_before")),
        not_after=cast("int | None", record.get("not_after")),
        revoked=cast("bool", record.get("revoked", False)),
    )


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
