"""An object whose methods are tools; what it was configured with, the model does not see."""

from dataclasses import dataclass, field
from typing import Annotated

import anyio
from pydantic import Field

from toolyard import CallContext, Toolbox, ToolCall, ToolError, tool


@dataclass
class Shop:
    """Made twice below: the same tools, with other wares and another limit."""

    prices: dict[str, float]
    most: int
    basket: list[str] = field(default_factory=list[str])

    @tool(read_only=True)
    def price(self, ware: str) -> float:
        """Say what a ware costs.

        Args:
            ware: Its name, such as `apple`.
        """
        if ware not in self.prices:
            raise ToolError(f"There is no {ware!r}; there are {', '.join(self.prices)}.")
        return self.prices[ware]

    @tool
    def buy(self, ware: str, count: Annotated[int, Field(ge=1)] = 1) -> str:
        """Put wares into the basket."""
        price = self.price(ware)
        if len(self.basket) + count > self.most:
            raise ToolError(f"The basket holds {self.most}; it has {len(self.basket)} already.")
        self.basket += [ware] * count
        return f"{count} for {count * price:g}; {len(self.basket)} in the basket."


async def main() -> None:
    fruit, tea = Toolbox(), Toolbox()
    fruit.add(Shop({"apple": 0.5, "pear": 0.7}, most=10))
    tea.add(Shop({"sencha": 12.0}, most=1))
    context = CallContext()
    print((await fruit.call_tool(ToolCall("buy", {"ware": "apple", "count": 3}), context)).text)
    print((await tea.call_tool(ToolCall("price", {"ware": "apple"}), context)).text)


if __name__ == "__main__":
    anyio.run(main)
