"""What draws images: one interface, whoever provides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from toolyard.core.content import Image, ResourceLink
from toolyard.core.errors import ToolError

LONGEST_PROMPT = 8_000
"""Characters of a prompt."""


class ImageModel(Protocol):
    """Draws what a prompt says; nothing of it is entered or closed."""

    @property
    def provider(self) -> str:
        """Who draws, in lower case: `openai`."""
        ...

    @property
    def model(self) -> str:
        """The provider's name of what draws."""
        ...

    @property
    def aspect_ratios(self) -> Sequence[str]:
        """What `aspect_ratio` may be, as width:height."""
        ...

    @property
    def most_images(self) -> int:
        """How many one call may ask for, 1 or more."""
        ...

    @property
    def gives_urls(self) -> bool:
        """Whether it can give the address of an image instead of the image."""
        ...

    async def generate(
        self, prompt: str, aspect_ratio: str | None, count: int, *, as_urls: bool = False
    ) -> Sequence[Image | ResourceLink]:
        """Draw `count` images; a link is the address at which the provider keeps one.

        Raises:
            ToolError: It does not draw this, or cannot now; the text says what to do instead.
        """
        ...


def refuse_unfit(
    model: ImageModel, prompt: str, aspect_ratio: str | None, count: int, as_urls: bool
) -> None:
    """Raise `ToolError` for what `model` cannot be asked for, saying what it can."""
    if not prompt.strip():
        raise ToolError("The prompt is empty; say what to draw.")
    if len(prompt) > LONGEST_PROMPT:
        raise ToolError(f"The prompt may have {LONGEST_PROMPT} characters, not {len(prompt)}.")
    if aspect_ratio is not None and aspect_ratio not in model.aspect_ratios:
        known = ", ".join(model.aspect_ratios)
        raise ToolError(
            f"{model.provider} does not draw the aspect ratio {aspect_ratio[:20]!r}; "
            f"choose one of {known}."
        )
    if not 1 <= count <= model.most_images:
        raise ToolError(f"{model.provider} draws 1 to {model.most_images} images at a time.")
    if as_urls and not model.gives_urls:
        raise ToolError(f"{model.provider} gives no URLs; ask for the image itself.")
