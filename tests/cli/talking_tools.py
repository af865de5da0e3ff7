"""Tools for models: one prints, one takes its time."""

import time

from toolyard import Toolbox

tools = Toolbox()


@tools.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    print("noise")
    return a + b


@tools.tool(read_only=True)
def wait(seconds: float) -> str:
    """Wait."""
    time.sleep(seconds)
    return "done"
