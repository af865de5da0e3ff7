"""A call of an operation becomes a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolyard.clients.openapi.arguments import Arguments
from toolyard.clients.openapi.bodies import Body
from toolyard.clients.openapi.credentials import Proof
from toolyard.clients.openapi.parameters import Parameter
from toolyard.clients.openapi.servers import Base
from toolyard.clients.openapi.styles import (
    Pair,
    check_segments,
    encoded,
    in_header,
    in_path,
    in_query,
    joined,
)
from toolyard.core.errors import InvalidTool, ToolError
from toolyard.egress.body import json_of
from toolyard.egress.headers import checked_headers
from toolyard.egress.message import Outgoing
from toolyard.egress.target import read_target, with_query

_BLANK = re.compile(r"\{([^{}/]+)\}")
_STATIC = re.compile(r"(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@%]*)+")


@dataclass(frozen=True, slots=True)
class Request:
    """How an operation is asked."""

    method: str
    path: str
    base: Base
    arguments: Arguments
    body: Body | None
    proof: Proof
    headers: Mapping[str, str] = field(repr=False)
    """The same for every call, for no other origin."""

    def of(self, given: Mapping[str, Any]) -> Outgoing:
        """The request for the arguments of a call.

        Raises:
            ToolError: A value cannot be sent, or would not stay in its place.
        """
        values = [
            (each, given[name]) for name, each in self.arguments.parameters.items() if name in given
        ]
        target = read_target(self.base.with_path(self._path(values)))
        query = [*_query(values), *self.proof.query]
        content = None if self.body is None else self.arguments.body(given, self.body)
        typed = {} if content is None else {"content-type": content[1]}
        return Outgoing(
            self.method,
            with_query(target, joined(query)),
            {"accept": "application/json, */*;q=0.8", **_headers(values), **typed},
            self._own_headers(values),
            None if content is None else content[0],
        )

    def _path(self, values: Sequence[tuple[Parameter, Any]]) -> str:
        blanks = {
            each.name: _in_path(each, value) for each, value in values if each.place == "path"
        }
        missing = next((name for name in _BLANK.findall(self.path) if name not in blanks), None)
        if missing is not None:
            raise ToolError(f"{missing!r} is a part of the path: it cannot be left out.")
        path = _BLANK.sub(lambda found: blanks[found[1]], self.path)
        check_segments(path)
        return path

    def _own_headers(self, values: Sequence[tuple[Parameter, Any]]) -> dict[str, str]:
        cookies = [*_cookies(values), *self.proof.cookies]
        said = {"cookie": joined(cookies, "; ")} if cookies else {}
        return {**self.headers, **checked_headers(said), **self.proof.headers}


def blanks_in(path: str) -> Sequence[str]:
    """The names in the braces of a path.

    Raises:
        InvalidTool: It could be read as more than a path.
    """
    bare = _BLANK.sub("x", path)
    if not _STATIC.fullmatch(bare):
        raise InvalidTool("Its path is not one that can be asked: it is no plain path.")
    try:
        check_segments(bare)
    except ToolError:
        raise InvalidTool("Its path is not one that can be asked: it has '..' in it.") from None
    return _BLANK.findall(path)


def _in_path(parameter: Parameter, value: Any) -> str:
    if parameter.is_json:
        return encoded(json_of(value))
    written = in_path(parameter.name, value, parameter.style, explode=parameter.explode)
    if value in ("", [], {}, None):
        raise ToolError(f"{parameter.name!r} is a part of the path: it cannot be empty.")
    return written


def _query(values: Sequence[tuple[Parameter, Any]]) -> Iterator[Pair]:
    for each, value in values:
        if each.place != "query":
            continue
        if each.is_json:
            yield encoded(each.name), encoded(json_of(value))
        else:
            yield from in_query(each.name, value, each.style, explode=each.explode)


def _headers(values: Sequence[tuple[Parameter, Any]]) -> dict[str, str]:
    return checked_headers(
        {
            each.name: json_of(value) if each.is_json else in_header(value, explode=each.explode)
            for each, value in values
            if each.place == "header" and value is not None
        }
    )


def _cookies(values: Sequence[tuple[Parameter, Any]]) -> Iterator[Pair]:
    for each, value in values:
        if each.place == "cookie":
            written = json_of(value) if each.is_json else value
            yield from in_query(each.name, written, each.style, explode=each.explode)
