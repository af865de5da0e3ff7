"""Pictures of words, drawn on this machine."""

from io import BytesIO

import anyio
import pytest
from PIL import Image as Pillow
from PIL import ImageChops

from toolyard import Image, PlaceholderModel, image_model


async def drawn(prompt: str, ratio: str | None = None, count: int = 1) -> list[bytes]:
    blocks = await PlaceholderModel().generate(prompt, ratio, count)
    assert all(isinstance(each, Image) and each.mime_type == "image/png" for each in blocks)
    return [each.data for each in blocks if isinstance(each, Image)]


async def test_the_same_words_give_the_same_picture() -> None:
    assert await drawn("a cat") == await drawn("a cat")
    assert await drawn("a cat") != await drawn("a dog")


async def test_several_pictures_differ() -> None:
    assert len(set(await drawn("a cat", count=4))) == 4


@pytest.mark.parametrize("ratio", PlaceholderModel.aspect_ratios)
async def test_a_picture_has_the_ratio_that_was_asked_for(ratio: str) -> None:
    (content,) = await drawn("a cat", ratio)
    wide, high = map(int, ratio.split(":"))
    with Pillow.open(BytesIO(content)) as picture:
        assert picture.format == "PNG"
        assert picture.width * high == picture.height * wide


async def test_the_words_are_in_the_picture_and_within_its_frame() -> None:
    (content,) = await drawn("W" * 28 + " " + "many words " * 100)
    with Pillow.open(BytesIO(content)) as picture:
        blank = Pillow.new("RGB", picture.size, picture.getpixel((0, 0)))
        margin = min(picture.size) // 16 + 6
        inner = (margin, margin, picture.width - margin, picture.height - margin)
        box = ImageChops.difference(picture, blank).crop(inner).getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert min(left, top) > 0
    assert right < inner[2] - margin
    assert bottom < inner[3] - margin


@pytest.mark.parametrize(
    "prompt", ["x" * 8_000, "\x00\n\t", "\ud800", "\U0001f408 \u0639\u0631\u0628\u064a", "..."]
)
async def test_odd_words_are_drawn_somehow(prompt: str) -> None:
    assert len(await drawn(prompt)) == 1


async def test_pictures_are_drawn_beside_the_event_loop() -> None:
    model, ticks = image_model("placeholder"), 0
    async with anyio.create_task_group() as tasks:

        async def draw() -> None:
            await model.generate("a cat", None, 4)
            tasks.cancel_scope.cancel()

        tasks.start_soon(draw)
        with anyio.fail_after(20):
            while True:
                ticks += 1
                await anyio.sleep(0.001)
    assert ticks > 3
