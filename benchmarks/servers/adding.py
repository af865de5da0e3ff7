"""The tool as a file that `toolyard serve` is given."""

from toolyard import tool


@tool
async def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b
