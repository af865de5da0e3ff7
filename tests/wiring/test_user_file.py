"""A user's own file: what counts as tools in it, and how its mistakes are told."""

import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.wiring.user_file import is_file, source_in

TOOLBOX = """
from toolyard import Toolbox

tools = Toolbox()


@tools.tool
def add(a: float, b: float) -> float:
    \"\"\"Add two numbers.\"\"\"
    return a + b
"""
MARKED = """
from toolyard import tool


@tool
def add(a: float, b: float) -> float:
    \"\"\"Add two numbers.\"\"\"
    return a + b


@tool(name="twice")
async def double(a: float) -> float:
    \"\"\"Double a number.\"\"\"
    return 2 * a


plus = add


def unmarked() -> None: ...
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Generator[Write]:
    """Write a file of the user's; what running it leaves in the interpreter is taken back."""
    path, modules = list(sys.path), set(sys.modules)

    def write(text: str, name: str = "mine.py") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    yield write
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("toolyard_user_") or name == "my_sibling":
            del sys.modules[name]


async def names(source: ToolProtocol) -> list[str]:
    return [tool.name for tool in await source.list_tools(CallContext())]


def refusal(reference: object) -> str:
    with pytest.raises(ConfigError) as refused:
        source_in(str(reference))
    return str(refused.value)


async def test_the_only_toolbox_of_a_file_is_served(write: Write) -> None:
    assert await names(source_in(str(write(TOOLBOX)))) == ["add"]


async def test_marked_functions_are_enough_and_count_once(write: Write) -> None:
    source = source_in(str(write(MARKED)))
    assert await names(source) == ["add", "twice"]
    async with source:
        result = await source.call_tool(ToolCall("add", {"a": 1, "b": 2}), CallContext())
    assert result.text == "3.0"


async def test_one_of_several_sources_is_named(write: Write) -> None:
    file = write(f"{TOOLBOX}\nother = Toolbox()\nagain = tools\n")
    assert await names(source_in(f"{file}:tools")) == ["add"]
    assert await names(source_in(f"{file}:other")) == []
    assert refusal(file) == "mine.py has several sources; say which: mine.py:NAME (tools, other)."


@pytest.mark.parametrize("name", ["nothing", "Toolbox", "add", "__name__"])
def test_a_name_that_is_no_source_is_told_which_there_are(write: Write, name: str) -> None:
    said = refusal(f"{write(TOOLBOX)}:{name}")
    assert said == f"mine.py has no source of tools {name!r}; there are: tools."


async def test_a_colon_in_the_path_before_the_file_is_part_of_it(write: Write) -> None:
    file = write(TOOLBOX, "a:b/mine.py")
    assert await names(source_in(f"{file}:tools")) == ["add"]


async def test_a_file_elsewhere_imports_its_neighbour(write: Write) -> None:
    write("def half(x: float) -> float:\n    'Halve.'\n    return x / 2", "there/my_sibling.py")
    text = "from my_sibling import half\nfrom toolyard import Toolbox\nt = Toolbox()\nt.add(half)"
    assert await names(source_in(str(write(text, "there/mine.py")))) == ["half"]


PROXY = """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("bound to nothing")

proxy = Proxy()
"""


async def test_what_does_not_say_what_it_is_is_no_source(write: Write) -> None:
    file = write(f"{PROXY}{TOOLBOX}")
    assert await names(source_in(str(file))) == ["add"]
    assert "no source of tools 'proxy'; there are: tools." in refusal(f"{file}:proxy")
    assert await names(source_in(str(write(f"{PROXY}{MARKED}")))) == ["add", "twice"]


def test_an_interrupt_while_a_file_runs_is_no_mistake_of_the_file(write: Write) -> None:
    with pytest.raises(KeyboardInterrupt):
        source_in(str(write("raise KeyboardInterrupt")))


def test_what_a_process_of_a_file_prints_does_not_reach_standard_output(
    write: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    source_in(str(write(f"import os\nos.system('echo hello')\n{TOOLBOX}")))
    told = capfd.readouterr()
    assert told.out == ""
    assert "hello" in told.err


def test_what_a_file_prints_does_not_reach_standard_output(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    source_in(str(write(f"print('hello')\n{TOOLBOX}")))
    told = capsys.readouterr()
    assert told.out == ""
    assert "hello" in told.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nx = = 2\n", "mine.py, line 2: SyntaxError: invalid syntax."),
        ("def f():\nreturn 1", "mine.py, line 2: IndentationError: expected an indented block"),
        ("\nimport no_such_package\n", "mine.py, line 2: ModuleNotFoundError: No module named"),
        ("def f():\n    1 / 0\n\nf()\n", "mine.py, line 2: ZeroDivisionError: division by zero"),
        ("assert False", "mine.py, line 1: AssertionError"),
        ("import sys\nsys.exit(3)", "mine.py, line 2: SystemExit: 3"),
        ("raise BaseException('x')", "mine.py, line 1: BaseException: x"),
        ("raise GeneratorExit", "mine.py, line 1: GeneratorExit"),
        ("import asyncio\nraise asyncio.CancelledError", "mine.py, line 2: CancelledError"),
        (
            "class Mute(Exception):\n    def __str__(self): raise ValueError\n\nraise Mute",
            "mine.py, line 4: Mute",
        ),
        ("raise BaseExceptionGroup('g', [ValueError('v')])", "mine.py, line 1: ExceptionGroup: g"),
        (
            "from toolyard import Toolbox\nt = Toolbox()\n\n@t.tool\ndef f(*args): ...\n",
            "mine.py, line 4: InvalidTool: ",
        ),
        ("from toolyard import tool\n@tool\ndef f(*args): ...\n", "mine.py, line 2: "),
        (
            "from toolyard import tool as t\n@t(name='a')\ndef f(): 'F'\n"
            "@t(name='a')\ndef g(): 'G'",
            "mine.py, line 4: This toolbox already has a tool named 'a'.",
        ),
        ("x = 1", "mine.py offers no tools; make a Toolbox or mark a function @tool."),
        ("from toolyard import Toolbox, tool", "mine.py offers no tools"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(write: Write, text: str, said: str) -> None:
    told = refusal(write(text))
    assert told.startswith(said)
    assert "Traceback" not in told


def test_a_mistake_in_a_neighbour_is_told_with_the_neighbours_line(write: Write) -> None:
    write("x = = 1", "my_sibling.py")
    assert refusal(write("import my_sibling")).startswith("my_sibling.py, line 1: SyntaxError")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert "There is no file" in refusal("nowhere/mine.py")
    assert "There is no file 'nowhere/mine.py'" in refusal("nowhere/mine.py:tools")
    assert "There is no file 'xxx" in refusal(f"{'x' * 5000}.py")
    assert "There is no file 'a\\x00b.py'" in refusal("a\x00b.py")
    (tmp_path / "folder.py").mkdir()
    assert "There is no file" in refusal(tmp_path / "folder.py")


def test_a_file_that_is_no_text_is_a_sentence(write: Write) -> None:
    file = write("")
    file.write_bytes(b"\xff\xfe\x00")
    assert refusal(file).startswith("mine.py")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("a.py", True),
        ("a/b.py:c", True),
        ("calculator", False),
        ("a.pyc", False),
        ("a.py/b", False),
    ],
)
def test_a_file_is_known_by_its_name(kind: str, expected: bool) -> None:
    assert is_file(kind) is expected


async def test_a_file_that_is_run_again_is_read_again(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if its time and size are as before, by which bytecode is thought to be current."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for said in ("1", "2"):
        file = write(MARKED.replace("return a + b", f"return {said}"))
        os.utime(file, (1_000_000_000, 1_000_000_000))
        call = ToolCall("add", {"a": 0, "b": 0})
        result = await source_in(str(file)).call_tool(call, CallContext())
        assert result.structured == {"result": float(said)}


def test_running_a_file_again_and_again_does_not_lengthen_the_search_for_modules(
    write: Write,
) -> None:
    files = [write(MARKED), write(MARKED, "other/more.py")]
    for _ in range(3):
        for file in files:
            source_in(str(file))
    own = [str(file.parent) for file in reversed(files)]
    assert sys.path[:2] == own
    assert own[0] not in sys.path[2:]
    assert own[1] not in sys.path[2:]
