"""Tools slow enough to be watched and cancelled; served by the interop tests."""

from collections import defaultdict

import anyio

from toolyard import CallContext, Toolbox

STEP_S = 0.02

tools = Toolbox()


class Ending:
    """How a count ended, for those who wait for it."""

    def __init__(self) -> None:
        self._known = anyio.Event()
        self._word = ""

    def tell(self, word: str) -> None:
        self._word = word
        self._known.set()

    async def wait(self) -> str:
        await self._known.wait()
        return self._word


endings: defaultdict[str, Ending] = defaultdict(Ending)


@tools.tool
async def count_to(n: int, run: str, context: CallContext) -> int:
    """Count to a number, telling progress at every step.

    Args:
        n: The last number, 50 per second.
        run: A name under which `ending_of` tells how this count ended.
    """
    try:
        for number in range(1, n + 1):
            await anyio.sleep(STEP_S)
            await context.progress(number, n, f"at {number}")
    except anyio.get_cancelled_exc_class():
        endings[run].tell("cancelled")
        raise
    endings[run].tell("finished")
    return n


@tools.tool
async def ending_of(run: str) -> str:
    """Wait until the count named `run` has ended and tell how: finished or cancelled."""
    return await endings[run].wait()
