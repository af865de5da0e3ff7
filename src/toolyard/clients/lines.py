"""What a process writes to its standard output, line by line."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any, cast

import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic_core import from_json

from toolyard.clients.bounds import is_tangled

logger = logging.getLogger("toolyard.clients")

_NUMBER = rb'"id"\s*:\s*(?:(?P<number>\d{1,18})|"[^"\\]{0,100}")\s*'
_VERSION = rb'"jsonrpc"\s*:\s*"2\.0"\s*'
_ANSWER = re.compile(rb'\s*\{\s*(?:(?:%s|%s),\s*){0,2}"(?:result|error)"\s*:' % (_VERSION, _NUMBER))
_NUMBER_LAST = re.compile(rb",\s*%s(?:,\s*%s)?\}\s*\Z" % (_NUMBER, _VERSION))
_TAIL = 200


class Ending(Exception):
    """Nothing more comes but what is handed back."""


class Unreadable(Exception):
    """Something important cannot be read; the text says what, after the word "as"."""


def message_in(line: bytes) -> SessionMessage | None:
    """The message in a line; `None` if there is none, as in words that are meant for people.

    An answer that cannot be read becomes an error that answers the same request.

    Raises:
        Unreadable: Nobody can tell which request it answers.
    """
    if is_tangled(line):
        return _from_bytes(line)
    with suppress(ValueError):
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    try:
        return _from_value(from_json(line))
    except ValueError:
        return _from_bytes(line)


def _from_value(value: Any) -> SessionMessage | None:
    said = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if "jsonrpc" in said and ("result" in said or "error" in said):
        number = said.get("id")
        return _unread(number if isinstance(number, int | str) else None)
    return _nothing()


def _from_bytes(line: bytes) -> SessionMessage | None:
    begun = _ANSWER.match(line)
    if begun is None or b'"jsonrpc"' not in line:
        return _nothing()
    found = begun if begun["number"] else _NUMBER_LAST.search(line[-_TAIL:])
    return _unread(int(found["number"]) if found is not None and found["number"] else None)


def _unread(number: types.RequestId | None) -> SessionMessage:
    if number is None:
        raise Unreadable("it writes an answer that cannot be read")
    error = types.ErrorData(code=types.PARSE_ERROR, message="Failed to parse JSON response")
    return SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=number, error=error))


def _nothing() -> None:
    logger.debug("a process wrote a line that is no message")
