"""A server ends although a function of the user's never does."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.process import free_port, run, running

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
'''
TOOLYARD = str(Path(sys.executable).parent / "toolyard")


def test_a_function_that_blocks_for_ever_does_not_keep_the_process(tmp_path: Path) -> None:
    (tmp_path / "blocking.py").write_text(BLOCKING)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [TOOLYARD, "serve", "blocking.py", "--port", str(port), "--drain", "0.2"]
    with running(command, directory=tmp_path) as server, ThreadPoolExecutor() as pool:
        server.answers(f"{url}/readyz")
        asked = pool.submit(run, [TOOLYARD, "call", f"{url}/mcp", "block"])
        server.line("begun")
        server._process.terminate()
        assert server._process.wait(timeout=10) == 0
        told = asked.result(timeout=20)

    assert told.code == 1
    assert "The server is stopping and ended 'block'" in told.errors
