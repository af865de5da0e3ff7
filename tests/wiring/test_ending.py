"""A server ends although a function of the user's never does."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.process import Finished, free_port, run, running

BLOCKING = '''
import time

from toolyard import Toolbox

tools = Toolbox()


@tools.tool
def block() -> str:
    """Never come back."""
    print("begun", flush=True)
    time.sleep(600)
    return ""


@tools.tool
def dawdle() -> str:
    """Come back after the server stopped, but soon."""
    print("begun", flush=True)
    time.sleep(0.5)
    return ""
'''
TOOLYARD = str(Path(sys.executable).parent / "toolyard")


def ended_in(tool: str, directory: Path, drain: str) -> tuple[Finished, str]:
    """Stop a server while `tool` works: what its caller was told, and what the server said."""
    (directory / "blocking.py").write_text(BLOCKING)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [TOOLYARD, "serve", "blocking.py", "--port", str(port), "--drain", drain]
    with running(command, directory=directory) as server, ThreadPoolExecutor() as pool:
        server.answers(f"{url}/readyz")
        asked = pool.submit(run, [TOOLYARD, "call", f"{url}/mcp", tool])
        server.line("begun")
        server._process.terminate()
        assert server._process.wait(timeout=10) == 0
        told = asked.result(timeout=20)
    return told, server.output


def test_a_function_that_blocks_for_ever_does_not_keep_the_process(tmp_path: Path) -> None:
    told, said = ended_in("block", tmp_path, "0.2")

    assert told.code == 1
    assert "The server is stopping and ended 'block'" in told.errors
    assert "1 functions did not end and are left" in said


def test_a_function_that_ends_just_after_the_server_is_not_complained_of(tmp_path: Path) -> None:
    told, said = ended_in("dawdle", tmp_path, "0")

    assert told.code == 1
    assert "did not end" not in said


SLOW = """
import anyio
from toolyard import Toolbox

class Slow(Toolbox):
    async def __aenter__(self):
        print("begun", flush=True)
        await anyio.sleep(600)

slow = Slow()
"""


def test_a_source_that_still_starts_after_an_edit_does_not_keep_the_process(tmp_path: Path) -> None:
    port, settings = free_port(), tmp_path / "t.toml"
    (tmp_path / "slow.py").write_text(SLOW)
    settings.write_text('[tools.calculator]\nkind = "calculator"\n')
    command = [TOOLYARD, "serve", "--config", "t.toml", "--port", str(port)]
    with running(command, directory=tmp_path) as server:
        server.answers(f"http://127.0.0.1:{port}/readyz")
        with settings.open("a") as opened:
            opened.write('[tools.slow]\nkind = "slow.py"\n')
        server.line("begun")
        server._process.terminate()
        assert server._process.wait(timeout=10) == 0
