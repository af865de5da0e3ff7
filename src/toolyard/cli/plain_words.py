"""The words after `toolyard serve`, read without typer where they are plain.

What is rare, or wrong, or asks for help is not plain: typer reads it, and says what is wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

FLAGS: Mapping[str, str] = {
    "--stdio": "stdio",
    "--new-token": "new_token",
    "--insecure": "insecure",
    "--stateless": "stateless",
    "--control": "control",
    "--json": "as_json",
    "--quiet": "quiet",
    "-q": "quiet",
}
LISTS: Mapping[str, str] = {
    "--mcp-servers": "mcp_servers",
    "--token": "token",
    "--allow": "allow",
    "--deny": "deny",
    "--trust-proxy": "trust_proxy",
    "--allowed-host": "allowed_hosts",
    "--allowed-origin": "allowed_origins",
    "--limit": "limit",
    "--set": "option",
}
"""The options that may be given again."""
VALUES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "--config": ("config", Path),
    "--name": ("name", str),
    "--host": ("host", str),
    "--port": ("port", int),
    "--workers": ("workers", int),
    "--token-file": ("token_file", Path),
    "--proxy-header": ("proxy_header", str),
    "--rate": ("rate", str),
    "--instructions": ("instructions", str),
    "--tls-cert": ("tls_cert", Path),
    "--tls-key": ("tls_key", Path),
    "--watch": ("watch", str),
}
_UNSAID: Mapping[str, Any] = {
    **dict.fromkeys(["drain_s", *(name for name, _ in VALUES.values())]),
    **dict.fromkeys(["kinds", *LISTS.values()], ()),
    **dict.fromkeys(FLAGS.values(), False),
}
"""All parameters, and what they are where nothing is said of them."""
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")


def parameters_in(words: Sequence[str]) -> Mapping[str, Any] | None:
    """What typer would make of `words`; `None` where only typer knows."""
    if os.name == "nt":  # there, typer also expands names of files
        return None
    given: dict[str, Any] = {}  # in the order of the words, as messages name them
    left = iter(words)
    for word in left:
        option, equals, value = word.partition("=")
        if word in FLAGS:
            given[FLAGS[word]] = True
        elif not word.startswith("-"):
            _add(given, "kinds", word)
        elif not _take(given, option, value if equals else next(left, "")):
            return None
    return given | {name: value for name, value in _UNSAID.items() if name not in given}


def _take(given: dict[str, Any], option: str, value: str) -> bool:
    """Whether `option` is one with a value, and `value` is plain."""
    if not value or value.startswith("-"):
        return False
    if option in LISTS:
        _add(given, LISTS[option], value)
        return True
    name, read = VALUES.get(option, ("", str))
    if not name or (read is int and not _NUMBER.fullmatch(value)):
        return False
    given[name] = read(value)
    return True


def _add(given: dict[str, Any], name: str, value: str) -> None:
    given[name] = [*given.get(name, ()), value]
