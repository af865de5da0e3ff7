"""Which words of a command seem to hold a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

_NOUNS = ("token", "secret", "password", "passwd", "passphrase", "apikey", "credential")
_WHOLE_NOUNS = frozenset(
    {"auth", "authorization", "bearer", "cookie", "credentials", "key", "pass", "pat", "pwd"}
)
_HARMLESS_KEYS = frozenset({"partition", "primary", "public", "sort"})
_SWITCHES = frozenset({"disable", "enable", "no", "require", "skip", "use", "without"})
"""How the names of options begin that take no value: `--no-auth`."""
_HARMLESS_VALUES = frozenset({"true", "false", "yes", "no", "on", "off", "none", "0", "1"})

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PAIR = re.compile(r"-*([A-Za-z][\w.-]*)\s*(?:=|:\s)(.*)", re.DOTALL)
_HEADER = re.compile(
    r"((?:proxy-)?authorization|cookie|api-key|x-[\w-]+):(.*)", re.DOTALL | re.IGNORECASE
)
_SCHEME = re.compile(r"\s*(?:bearer|basic|token)?\s*", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{[^${}]+\}")
_BEARER = re.compile(r"\bbearer\s+\S", re.IGNORECASE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_QUERY = re.compile(r"(token|key|secret|password|auth)[^=&]*=[^&]", re.IGNORECASE)
_ISSUED = re.compile(
    r"\b(?:sk-|ty_|gh[opsu]_|github_pat_|glpat-|xox[abeprs]-|AKIA|AIza|eyJ)"
    r"(?=[\w.-]*[0-9])[\w.-]{16,}"
)
"""How tokens begin that are made to be recognised; `eyJ` is a JSON Web Token."""


def secrets_in(command: Sequence[str]) -> Iterator[str]:
    """What to call each secret that `command` seems to hold; never the secret itself.

    A reference such as `${API_KEY}`, and the name of a file that is here, is none.
    """
    for word, following in zip(command, [*command[1:], ""], strict=False):
        takes_value = word[:1] == "-" or word[-1:] == ":" or word.lower() == "bearer"
        if takes_value and names_secret(word.strip("-:")) and not _is_option(following):
            if _is_literal(following):
                yield f"the value of {word}"
        else:
            yield from _within(word)


def has_credentials(url: str) -> bool:
    """Whether a URL holds a password, a user of http(s), or a secret in its query."""
    try:
        parts = urlsplit(_REFERENCE.sub("", url))
        user = parts.username if parts.scheme in ("http", "https") else None
        return bool(user or parts.password or _QUERY.search(parts.query))
    except ValueError:
        return True  # what cannot be read might hold one


def _within(word: str) -> Iterator[str]:
    """The same for one word: a pair, or a pair in a pair, as `--header=X-Key: abc` is."""
    pair = _PAIR.fullmatch(word) or _HEADER.fullmatch(word)
    if pair and names_secret(pair[1]):
        if _is_literal(pair[2]):
            yield f"the value of {pair[1]}"
    elif pair and (inner := list(_within(pair[2]))):
        yield from inner
    elif any(map(has_credentials, _URL.findall(word))):
        yield "a URL with credentials"
    elif _BEARER.search(_REFERENCE.sub("", word)) or _ISSUED.search(word):
        yield "a token"


def names_secret(name: str) -> bool:
    """Whether what is called `name` is a secret: `API_KEY`, `apiKey`, `access-token`."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts or parts[0] in _SWITCHES:
        return False
    if parts[-1] == "key" and not _HARMLESS_KEYS.isdisjoint(parts):
        return False
    return parts[-1] in _WHOLE_NOUNS or parts[-1].endswith(_NOUNS)


def _is_option(word: str) -> bool:
    """Whether `word` is an option rather than a value; a token may begin with a hyphen too."""
    return word.startswith("--") or (word.startswith("-") and len(word) <= 3)


def _is_literal(value: str) -> bool:
    rest = _SCHEME.sub("", _REFERENCE.sub("", value), count=1).strip()
    return rest.lower() not in {"", *_HARMLESS_VALUES} and not os.path.isfile(value)
