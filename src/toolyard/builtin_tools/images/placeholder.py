"""An image model that needs no key: it draws the words of the prompt on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolyard.builtin_tools.images.model import refuse_unfit
from toolyard.builtin_tools.images.picture import examined
from toolyard.core.content import Image, ResourceLink
from toolyard.core.errors import ConfigError
from toolyard.core.threads import Threads

SIZES: Mapping[str, tuple[int, int]] = {
    "1:1": (768, 768),
    "3:2": (960, 640),
    "2:3": (640, 960),
    "4:3": (896, 672),
    "3:4": (672, 896),
    "16:9": (1024, 576),
    "9:16": (576, 1024),
}


class PlaceholderModel:
    """Draws a PNG of the prompt's words, the same for the same prompt, in a thread.

    Raises:
        ConfigError: Pillow is not installed.
    """

    provider = "placeholder"
    model = "words"
    aspect_ratios: Sequence[str] = tuple(SIZES)
    most_images = 4
    gives_urls = False

    def __init__(self) -> None:
        try:
            from toolyard.builtin_tools.images import drawing  # Pillow is an extra
        except ImportError as error:
            raise ConfigError(
                'The placeholder needs Pillow: pip install "toolyard[images]".'
            ) from error
        self._draw = drawing.draw
        self._threads = Threads(2)

    async def generate(
        self, prompt: str, aspect_ratio: str | None, count: int, *, as_urls: bool = False
    ) -> Sequence[Image | ResourceLink]:
        """Draw the words, with other colours for each image.

        Raises:
            ToolError: It cannot be drawn so.
        """
        refuse_unfit(self, prompt, aspect_ratio, count, as_urls)
        size = SIZES[aspect_ratio or "1:1"]
        return await self._threads.run(
            lambda: [examined(self._draw(prompt, size, number)) for number in range(count)]
        )
