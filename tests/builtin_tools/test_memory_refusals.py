"""Hostile and mistaken commands: each is answered with what to do, and changes nothing."""

from typing import Any

import pytest

from toolyard import CallContext, InvalidArguments, Memory, ToolCall, UnknownName

CONTEXT = CallContext()
COMMANDS = [
    ("", "Invalid Command"),
    (" \t\n", "Invalid Command"),
    ("X", "Unknown Command"),
    ("PUTT k v", "Unknown Command"),
    ("P:k v", "Unknown Command"),
    ("\u017fpec", "Unknown Command"),
    ("PÜT k v", "Unknown Command"),
    ("\0P k v", "Unknown Command"),
    ('"P" k v', "Unknown Command"),
    ("\x1b[31mP k v", "Unknown Command"),
    ("eval __import__('os')", "Unknown Command"),
    ("x" * 100_000, "Unknown Command"),
    ("P", "key is missing"),
    ("P k", "value is missing"),
    ('P "k', "not closed"),
    ('P k "v', "not closed"),
    ('P k "v\\', "not closed"),
    ('P k "\\x41"', "not as JSON"),
    ('P k "v"60', "After a text"),
    ('P k "v" soon', "ttl is a number"),
    ('P k "v" 60 60', "more than it takes"),
    ('P k "v" 1e3', "ttl is a number"),
    ('P k "v" NaN', "ttl is a number"),
    ('P k "v" ٣', "ttl is a number"),
    ("P k v 0", "lease"),
    ("P k v -1", "lease"),
    ("P k v 99999999999", "lease"),
    ("P k v " + "9" * 40, "lease"),
    ('P "" v', "empty"),
    ('P "a\\nb" v', "control"),
    ('P "a\\u0000b" v', "control"),
    ('P "a\\u202eb" v', "control"),
    ('P "\\ud800" v', "control"),
    ('P k "\\ud800"', "surrogate"),
    ("P k\x07 v", "control"),
    (f"P {'k' * 257} v", "256 bytes"),
    (f"P {'ä' * 129} v", "256 bytes"),
    (f"P k {'v' * ((1 << 20) + 1)}", "at most 1048576"),
    ("G", "key is missing"),
    ("G k k", "more than it takes"),
    ("G k META META", "more than it takes"),
    ("G ../../etc/passwd", "NOT_FOUND"),
    ("G *", "NOT_FOUND"),
    ("G k; D k", "more than it takes"),
    ("G k\nC", "more than it takes"),
    ("D", "key is missing"),
    ("D kept*", "NOT_FOUND"),
    ("D kept kept", "more than it takes"),
    ("L kept", "ends with a star"),
    ("L k* k*", "more than it takes"),
    ("L AFTER", "after AFTER is missing"),
    ("L META AFTER", "after AFTER is missing"),
    ("L META META", "more than it takes"),
    ('L "\\n*"', "prefix"),
    ('L AFTER "\\n"', "cursor"),
    ("C kept", "ends with a star"),
    ("C a* b*", "more than it takes"),
    ("C yes", "ends with a star"),
    ("T", "scope"),
    ("T X", "Invalid TOTAL Scope"),
    ("T A K", "more than it takes"),
    ("T a|k", "Invalid TOTAL Scope"),
    ("SPEC me", "more than it takes"),
    ("CLAIM t", "owner is missing"),
    ("CLAIM t me", "ttl is missing"),
    ("CLAIM t me for ever", "ttl is a number"),
    ("CLAIM t me 60 60", "more than it takes"),
    ("CLAIM t me -5", "lease"),
    ('CLAIM t "" 60', "owner"),
    ('CLAIM t "a\\nb" 60', "owner"),
    ('CLAIM t "\\ud800" 60', "owner"),
    (f"CLAIM t {'o' * 257} 60", "owner"),
    ("CLAIM kept me 60", "CLAIMED"),
    ("RENEW kept kept 60", "NOT_HOLDER"),
    ("RENEW t me", "ttl is missing"),
    ("RELEASE kept kept", "NOT_HOLDER"),
    ("RELEASE t", "owner is missing"),
    ("CAS kept", "expected is missing"),
    ("CAS kept 1", "value is missing"),
    ("CAS kept one v", "expected is a version"),
    ("CAS kept -1 v", "expected is a version"),
    ("CAS kept 0 v", "CONFLICT"),
    ("CAS kept 999 v", "CONFLICT"),
    ("CAS kept 9999999999999999 v", "version"),
    (f"CAS kept {'9' * 10_000} v", "expected is a version"),
]
SPLIT: list[tuple[dict[str, Any], str]] = [
    ({"command": "P", "key": "k"}, "value is missing"),
    ({"command": "P", "value": "v"}, "key is missing"),
    ({"command": "P k v", "ttl": 5}, "key is missing"),
    ({"command": "P k", "key": "k", "value": "v"}, "more than it takes"),
    ({"command": "P", "key": "k", "value": "v", "owner": "me"}, "takes no owner"),
    ({"command": "G", "key": "kept", "ttl": 5}, "takes no ttl"),
    ({"command": "P", "key": "", "value": "v"}, "empty"),
    ({"command": "P", "key": "a\nb", "value": "v"}, "control"),
    ({"command": "P", "key": "k", "value": "v", "ttl": 0}, "lease"),
    ({"command": "P", "key": "k", "value": "v", "ttl": -1e300}, "lease"),
    ({"command": "L", "key": "kept"}, "ends with a star"),
    ({"command": "C", "key": "kept"}, "ends with a star"),
    ({"command": "SPEC", "key": "k"}, "takes no key"),
    ({"command": "T A", "key": "k"}, "takes no key"),
    ({"command": "CAS", "key": "kept", "value": "v"}, "expected is missing"),
    ({"command": "CAS", "key": "kept", "value": "v", "expected": -1}, "expected is a version"),
    ({"command": "CAS", "key": "kept", "value": "v", "expected": 10**400 // 10**300}, "expected"),
    ({"command": "CLAIM", "key": "t", "owner": "me"}, "ttl is missing"),
]
BAD_ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"command": None},
    {"command": 5},
    {"command": ["P", "k", "v"]},
    {"command": "G", "key": 5},
    {"command": "P", "key": "k", "value": {"a": 1}},
    {"command": "P", "key": "k", "value": "v", "ttl": "60"},
    {"command": "P", "key": "k", "value": "v", "ttl": float("nan")},
    {"command": "P", "key": "k", "value": "v", "ttl": float("inf")},
    {"command": "CAS", "key": "k", "value": "v", "expected": 1.5},
    {"command": "G k", "namespace": "other"},
    {"command": "G k", "__proto__": {}},
]


async def assert_refused(arguments: dict[str, Any], said: str) -> None:
    memory = Memory()
    version = await memory.put("kept", "as it is")
    result = await memory.call_tool(ToolCall("memory", arguments), CONTEXT)
    assert result.is_error
    assert result.text.startswith("ERR:")
    assert said in result.text
    assert len(result.text) < 400
    assert result.text.isprintable()
    found = await memory.get("kept")
    assert found is not None
    assert (found.value, found.version) == ("as it is", version)
    assert (await memory.total()).keys == 1


@pytest.mark.parametrize(("command", "said"), COMMANDS, ids=range(len(COMMANDS)))
async def test_a_bad_command_is_refused_and_changes_nothing(command: str, said: str) -> None:
    await assert_refused({"command": command}, said)


@pytest.mark.parametrize(("arguments", "said"), SPLIT, ids=range(len(SPLIT)))
async def test_a_bad_split_form_is_refused(arguments: dict[str, Any], said: str) -> None:
    await assert_refused(arguments, said)


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS, ids=range(len(BAD_ARGUMENTS)))
async def test_arguments_that_the_schema_refuses_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        await Memory().call_tool(ToolCall("memory", arguments), CONTEXT)


async def test_another_tool_is_unknown() -> None:
    with pytest.raises(UnknownName):
        await Memory().call_tool(ToolCall("forget", {"command": "C"}), CONTEXT)
