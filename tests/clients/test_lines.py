"""What is made of the lines that a process writes."""

import pytest
from mcp_types import JSONRPCError

from toolyard.clients.bounds import MOST_VALUES
from toolyard.clients.lines import Unreadable, message_in

DIGITS = b"9" * 5000
TANGLE = b'{"a": [' + b"[]," * MOST_VALUES + b"0]}"


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":7,"result":{"a":%s}}' % DIGITS,
        b'{"jsonrpc": "2.0", "id": 7, "result": {"a": %s}}' % TANGLE,
        b'{"id":7,"jsonrpc":"2.0","result":{"a":%s}}' % TANGLE,
        b'{"result":{"a":%s},"jsonrpc":"2.0","id":7}' % DIGITS,
        b'{"jsonrpc":"2.0","result":{"a":%s},"id":7}' % DIGITS,
        b'{"result":{"a":%s}, "id": 7, "jsonrpc": "2.0" }' % DIGITS,
        b'{"jsonrpc":"2.0","id":7,"error":{"code":%s}}' % DIGITS,
        b'{"jsonrpc":"2.0","id":7,"result":{"a":\xff}}',
        b'{"jsonrpc":"2.0","id":7,"result":[1]}',
        b'{"jsonrpc":"1.0","result":null,"id":7}',
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error_for_its_request(line: bytes) -> None:
    heard = message_in(line)
    assert heard is not None
    assert isinstance(heard.message, JSONRPCError)
    assert heard.message.id == 7


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","result":{"id":7,"a":%s}}' % DIGITS,
        b'{"jsonrpc":"2.0","id":"x","result":{"a":%s}}' % DIGITS,
        b'{"result":{"a":%s},"jsonrpc":"2.0"}' % TANGLE,
        b'{"jsonrpc":"2.0","result":[1]}',
        b'{"jsonrpc":"2.0","id":[],"result":[1]}',
    ],
)
def test_an_answer_to_nobody_knows_what_is_unreadable(line: bytes) -> None:
    with pytest.raises(Unreadable):
        message_in(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Welcome!",
        b"[]",
        b'{"error": "disk full", "id": 7}',
        b'{"error": "disk %s", "id": 7}' % DIGITS,
        b'{"error": "odd", "request": {"jsonrpc": "2.0", "id": 7, "method": "ping"}}',
        b'{"level": "debug", "said": {"jsonrpc": "2.0", "id": 7, "result": {}}}',
        b'{"level": "debug", "said": {"jsonrpc": "2.0", "id": 7, "result": %s}}' % DIGITS,
        b'{"jsonrpc":"2.0","method":"notifications/x","params":[%s]}' % DIGITS,
        b'{"half": ',
    ],
)
def test_what_is_no_answer_is_passed_over(line: bytes) -> None:
    assert message_in(line) is None
