"""The tool that draws images, in Python and as a source of one tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio.to_thread

from toolyard.builtin_tools.images.folder import TEMPLATE, ImageFolder
from toolyard.builtin_tools.images.model import ImageModel, refuse_unfit
from toolyard.builtin_tools.images.offer import (
    NAME,
    OUTPUT_SCHEMA,
    description_of,
    formats_of,
    input_schema_of,
)
from toolyard.core.content import Image, ResourceLink, Text
from toolyard.core.errors import ToolError
from toolyard.core.protocol import LibraryProtocol
from toolyard.core.tool import ToolResult
from toolyard.core.tool_owner import ToolOwner
from toolyard.core.toolbox import Toolbox


class ImageGeneration(ToolOwner):
    """Draws with `model`; images are blocks of the result, or files that can be read.

    Args:
        model: See `image_model`.
        save_to: A folder to keep images in; callers read them as documents of `library`, by
            names that cannot be guessed, and never learn where the folder is.
        most_files: How many files the folder may hold, 1 or more.
    """

    def __init__(
        self, model: ImageModel, *, save_to: Path | str | None = None, most_files: int = 10_000
    ) -> None:
        self._model = model
        self._folder = None if save_to is None else ImageFolder(save_to, most_files)
        self._formats = formats_of(model, can_save=save_to is not None)

    async def generate_image(
        self,
        prompt: str,
        *,
        aspect_ratio: str | None = None,
        count: int = 1,
        response_format: str | None = None,
    ) -> Sequence[Image | ResourceLink]:
        """Draw `count` images.

        Args:
            prompt: What to draw.
            aspect_ratio: One of the model's; it chooses if not given.
            count: From 1 to the model's `most_images`.
            response_format: `image`, the usual one; `file`, the usual one with `save_to`; or
                `url`, if the model gives any.

        Raises:
            ToolError: It cannot be drawn so, or not now; the text says what to do instead.
        """
        chosen = self._formats[0] if response_format is None else response_format
        if chosen not in self._formats:
            known = ", ".join(self._formats)
            raise ToolError(f"There is no response_format {chosen[:20]!r}; choose one of {known}.")
        as_urls = chosen == "url"
        refuse_unfit(self._model, prompt, aspect_ratio, count, as_urls)
        drawn = await self._model.generate(prompt, aspect_ratio, count, as_urls=as_urls)
        if chosen != "file" or self._folder is None:
            return drawn
        save = self._folder.save
        return await anyio.to_thread.run_sync(
            lambda: [save(each) if isinstance(each, Image) else each for each in drawn]
        )

    def offer_in(self, toolbox: Toolbox) -> None:
        """Offer the tool in `toolbox`, and what it saves as documents.

        Raises:
            NameClash: The toolbox has such a tool already.
        """
        toolbox.add_schema(
            NAME,
            self._answer,
            description=description_of(self._formats),
            input_schema=input_schema_of(self._model, self._formats),
            output_schema=OUTPUT_SCHEMA,
            title="Image generation",
            read_only=False,
            destructive=False,
            idempotent=False,
            open_world=True,
        )
        if self._folder is not None:
            described = "An image that generate_image has saved."
            offer = toolbox.resource(TEMPLATE, name="generated_image", description=described)
            offer(self._folder.read)

    @property
    def library(self) -> LibraryProtocol:
        """The images that were saved."""
        return self._toolbox.library

    def _make_toolbox(self) -> Toolbox:
        toolbox = Toolbox()
        self.offer_in(toolbox)
        return toolbox

    async def _answer(self, arguments: Mapping[str, Any]) -> ToolResult:
        prompt: str = arguments["prompt"]
        options = {name: value for name, value in arguments.items() if name != "prompt"}
        drawn = await self.generate_image(prompt, **options)
        images = [_described(each) for each in drawn]
        who: Mapping[str, Any] = {"provider": self._model.provider, "model": self._model.model}
        return ToolResult(
            content=(Text(_told(images, self._model)), *drawn), structured={"images": images, **who}
        )


def register_image_generation_tool(
    toolbox: Toolbox, model: ImageModel, *, save_to: Path | str | None = None
) -> None:
    """Offer `generate_image`, drawn by `model`, beside the other tools of `toolbox`.

    Raises:
        NameClash: The toolbox has such a tool already.
    """
    ImageGeneration(model, save_to=save_to).offer_in(toolbox)


def _described(drawn: Image | ResourceLink) -> Mapping[str, Any]:
    if isinstance(drawn, Image):
        return {"mime_type": drawn.mime_type, "bytes": len(drawn.data)}
    size = {} if drawn.size is None else {"bytes": drawn.size}
    kind = {} if drawn.mime_type is None else {"mime_type": drawn.mime_type}
    return {**kind, **size, "uri": drawn.uri}


def _told(images: Sequence[Mapping[str, Any]], model: ImageModel) -> str:
    """The images in words, as some hosts show nothing else."""
    count = "1 image" if len(images) == 1 else f"{len(images)} images"
    links = "".join(f"\n{each['uri']}" for each in images if "uri" in each)
    return f"{count}, drawn by {model.model} of {model.provider}.{links}"
