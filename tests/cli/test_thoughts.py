"""`toolyard thoughts`."""

import json
from pathlib import Path

import anyio
import pytest
from tests.cli.command import Toolyard

from toolyard import ThoughtChain


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "thoughts.jsonl"

    async def fill() -> None:
        async with ThoughtChain(path) as chain:
            await chain.append("mai", "finding", "The yard is\nfull\x1b[31m")
            await chain.append("yui", "decision", "The red train goes", refs=[0])

    anyio.run(fill)
    return path


def test_a_chain_that_is_whole(toolyard: Toolyard, file: Path) -> None:
    ended = toolyard("thoughts", "verify", str(file))
    assert ended.code == 0
    head = ended.output.strip()
    assert head.startswith("2:")
    assert "All 2 thoughts" in ended.errors
    assert toolyard("thoughts", "verify", str(file), "--anchor", head).code == 0
    assert json.loads(toolyard("thoughts", "verify", str(file), "--json").output) == {
        "head": head,
        "bad": None,
        "torn_bytes": 0,
    }


def test_a_chain_that_was_changed(toolyard: Toolyard, file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"red", b"bad"))
    ended = toolyard("thoughts", "verify", str(file))
    assert (ended.code, ended.output) == (1, "")
    assert "Record 1 is bad" in ended.errors
    assert toolyard("thoughts", "show", str(file)).code == 1


def test_a_tail_that_was_cut_off(toolyard: Toolyard, file: Path) -> None:
    head = toolyard("thoughts", "verify", str(file)).output.strip()
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(b"\n") + 1])
    assert toolyard("thoughts", "verify", str(file)).code == 0
    ended = toolyard("thoughts", "verify", str(file), "--anchor", head, "--json")
    assert ended.code == 1
    assert "Record 1 is missing" in json.loads(ended.output)["bad"]


def test_one_that_was_never_finished(toolyard: Toolyard, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])
    ended = toolyard("thoughts", "verify", str(file))
    assert ended.code == 0
    assert "never finished" in ended.errors


def test_thoughts_are_shown(toolyard: Toolyard, file: Path) -> None:
    ended = toolyard("thoughts", "show", str(file))
    first, second = ended.output.splitlines()
    assert first.endswith("[#0] finding (mai): The yard is")
    assert second.endswith("[#1] decision (yui): The red train goes (from #0)")
    only = json.loads(toolyard("thoughts", "show", str(file), "--agent", "mai", "--json").output)
    assert [(each["index"], each["kind"]) for each in only] == [(0, "finding")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "none.jsonl"], "no file none.jsonl"),
        (["show", "none.jsonl"], "no file none.jsonl"),
        (["show", "FILE", "--kind", "whim"], "no kind of thought 'whim'"),
        (["verify", "FILE", "--anchor", "2"], "COUNT:HASH"),
        (["verify", "FILE", "--anchor", f"x:{'0' * 64}"], "COUNT:HASH"),
    ],
)
def test_wrong_usage(toolyard: Toolyard, file: Path, words: list[str], said: str) -> None:
    ended = toolyard("thoughts", *(str(file) if word == "FILE" else word for word in words))
    assert ended.code == 2
    assert said in ended.errors


@pytest.fixture
def key(toolyard: Toolyard, tmp_path: Path) -> Path:
    made = toolyard("thoughts", "key", str(tmp_path / "yard.key"), "--json")
    assert json.loads(made.output) == {
        "private": str(tmp_path / "yard.key"),
        "public": str(tmp_path / "yard.key.pub"),
    }
    return tmp_path / "yard.key"


def test_a_tail_that_was_cut_off_is_shown_by_a_signature(
    toolyard: Toolyard, file: Path, key: Path
) -> None:
    signed = toolyard("thoughts", "sign", str(file), "--key", str(key))
    assert signed.output == file.with_name("thoughts.jsonl.head").read_text()
    asked = ("thoughts", "verify", str(file), "--public-key", f"{key}.pub")
    assert toolyard(*asked).code == 0
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(b"\n") + 1])
    ended = toolyard(*asked, "--json")
    assert ended.code == 1
    assert "Record 1 is missing" in json.loads(ended.output)["bad"]


def test_an_anchor_of_another_chain_or_of_another_key(
    toolyard: Toolyard, file: Path, key: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    anyio.run(_two_thoughts, other)
    kept = tmp_path / "kept.head"
    ended = toolyard("thoughts", "sign", str(other), "--key", str(key), "--anchor-file", str(kept))
    assert ended.code == 0
    asked = ("thoughts", "verify", str(file), "--anchor-file", str(kept), "--public-key")
    ended = toolyard(*asked, f"{key}.pub")
    assert ended.code == 1
    assert "Record 1 is another one" in ended.errors
    toolyard("thoughts", "key", str(tmp_path / "second.key"))
    ended = toolyard(*asked, str(tmp_path / "second.key.pub"))
    assert ended.code == 1
    assert "not signed with that key" in ended.errors


async def _two_thoughts(path: Path) -> None:
    async with ThoughtChain(path) as chain:
        await chain.append("mai", "finding", "Nothing")
        await chain.append("mai", "finding", "Nothing else")


def test_a_chain_that_was_changed_is_not_signed(toolyard: Toolyard, file: Path, key: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"red", b"bad"))
    ended = toolyard("thoughts", "sign", str(file), "--key", str(key))
    assert (ended.code, ended.output) == (1, "")
    assert "It is not signed. Record 1 is bad" in ended.errors
    assert not file.with_name("thoughts.jsonl.head").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["key", "KEY"], "there already"),
        (["verify", "FILE", "--public-key", "KEY.pub"], "thoughts.jsonl.head cannot be read"),
        (["verify", "FILE", "--anchor-file", "FILE"], "with its --public-key"),
        (["verify", "FILE", "--anchor-file", "FILE", "--public-key", "KEY.pub"], "COUNT:HASH:S"),
        (["verify", "FILE", "--anchor", "2:x", "--public-key", "KEY.pub"], "Give an --anchor"),
        (["sign", "FILE", "--key", "KEY.pub"], "open to other users"),
    ],
)
def test_wrong_usage_of_keys(
    toolyard: Toolyard, file: Path, key: Path, words: list[str], said: str
) -> None:
    places = {"FILE": str(file), "KEY": str(key), "KEY.pub": f"{key}.pub"}
    ended = toolyard("thoughts", *(places.get(word, word) for word in words))
    assert ended.code == 2
    assert said in " ".join(ended.errors.split())
