"""Work that counts how often it is done."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from toolyard.storage.journal.steps import Steps


class Work:
    """What steps do in these tests, and how often each was done."""

    def __init__(self) -> None:
        self.done = Counter[str]()

    def of(self, name: str, value: Any = None) -> Callable[[], Awaitable[Any]]:
        """Gives `value`, or raises it."""

        async def do() -> Any:
            self.done[name] += 1
            if isinstance(value, Exception):
                raise value
            return value

        return do

    async def step(self, steps: Steps, name: str, value: Any = None, *, given: Any = None) -> Any:
        """One step that is repeatable and gives `value`."""
        do = self.of("/".join((*steps.path, name)), value)
        return await steps.run(name, kind="test", input=given, do=do, repeatable=True)
