"""What is sent to each provider, and how its good answers are read."""

from typing import Any

import pytest
from tests.builtin_tools.images.pictures import (
    ANSWERS,
    JPEG,
    PNG,
    WEBP,
    candidate_of,
    data_of,
    encoded,
)
from tests.builtin_tools.images.provider import API_KEY, Answer, provider

from toolyard import Image, ResourceLink, ToolError
from toolyard.builtin_tools.images.openai_images import SIZES


@pytest.mark.parametrize("ratio", SIZES)
async def test_openai_is_asked_for_a_size_of_that_very_ratio(ratio: str) -> None:
    async with provider(Answer.of(data_of(PNG, JPEG))) as server:
        drawn = await server.model("openai").generate("a cat", ratio, 2)
    assert drawn == [Image(PNG, "image/png"), Image(JPEG, "image/jpeg")]
    (request,) = server.requests
    assert request.line == "POST /v1/images/generations HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {API_KEY}"
    size = request.body.pop("size")
    assert request.body == {"model": "gpt-image-2", "prompt": "a cat", "n": 2}
    width, height = map(int, size.split("x"))
    across, down = map(int, ratio.split(":"))
    assert width * down == height * across
    assert width % 16 == height % 16 == 0
    assert 655_360 <= width * height <= 8_294_400
    assert max(width, height) <= min(3_840, 3 * min(width, height))


@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-1.5", "gpt-image-1-mini"])
@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", "1024x1024"), ("16:9", "1536x1024"), ("3:4", "1024x1536"), ("9:16", "1024x1536")],
)
async def test_the_first_models_of_openai_are_asked_for_one_of_their_three_sizes(
    model: str, ratio: str, size: str
) -> None:
    async with provider(Answer.of(data_of(PNG))) as server:
        asked = server.model("openai", model=model)
        await asked.generate("a cat", ratio, 1)
        with pytest.raises(ToolError, match="choose one of 1:1, 3:2, 4:3, 16:9, 2:3, 3:4, 9:16"):
            await asked.generate("a cat", "21:9", 1)
    assert [request.body["size"] for request in server.requests] == [size]


async def test_gemini_draws_long_pictures_with_its_newer_small_models_alone() -> None:
    async with provider(Answer.of(candidate_of(PNG))) as server:
        await server.model("gemini").generate("a cat", "8:1", 1)
        for other in ("gemini-3-pro-image", "gemini-2.5-flash-image"):
            with pytest.raises(ToolError, match=r"choose one of .*, 21:9\."):
                await server.model("gemini", model=other).generate("a cat", "8:1", 1)
    (request,) = server.requests
    assert request.body["generationConfig"]["imageConfig"] == {"aspectRatio": "8:1"}


async def test_grok_is_asked_for_a_ratio_and_the_image_itself() -> None:
    async with provider(Answer.of(data_of(WEBP))) as server:
        drawn = await server.model("grok", model="grok-other").generate("a cat", "19.5:9", 1)
    assert drawn == [Image(WEBP, "image/webp")]
    (request,) = server.requests
    assert request.line == "POST /v1/images/generations HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {API_KEY}"
    assert request.body == {
        "model": "grok-other",
        "prompt": "a cat",
        "n": 1,
        "response_format": "b64_json",
        "aspect_ratio": "19.5:9",
    }


async def test_an_address_that_grok_gives_is_passed_on_and_not_fetched() -> None:
    url = "https://imgen.x.ai/xai-imgen/1.jpeg"
    async with provider(Answer.of({"data": [{"url": url}]})) as server:
        drawn = await server.model("grok").generate("a cat", None, 1, as_urls=True)
    assert drawn == [ResourceLink(url, name="image")]
    assert [request.body["response_format"] for request in server.requests] == ["url"]


@pytest.mark.parametrize(
    "url",
    [
        "http://imgen.x.ai/1.jpeg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:pass@imgen.x.ai/1.jpeg",
        "https:///1.jpeg",
        "https://[::1/1.jpeg",
        "https://imgen.x.ai/a b",
        "https://imgen.x.ai/\u202e",
        "https://imgen.x.ai/" + "x" * 5000,
    ],
)
async def test_an_odd_address_is_not_passed_on(url: str) -> None:
    async with provider(Answer.of({"data": [{"url": url}]})) as server:
        with pytest.raises(ToolError, match="address of the image"):
            await server.model("grok").generate("a cat", None, 1, as_urls=True)


async def test_gemini_is_asked_with_the_key_in_a_header_only() -> None:
    async with provider(Answer.of(candidate_of(PNG))) as server:
        drawn = await server.model("gemini").generate("a cat", "21:9", 1)
    assert drawn == [Image(PNG, "image/png")]
    (request,) = server.requests
    assert request.line == "POST /v1/models/gemini-3.1-flash-image:generateContent HTTP/1.1"
    assert request.headers["x-goog-api-key"] == API_KEY
    assert "authorization" not in request.headers
    assert request.body == {
        "contents": [{"role": "user", "parts": [{"text": "a cat"}]}],
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": "21:9"},
        },
    }


async def test_gemini_is_asked_once_for_each_image() -> None:
    async with provider(Answer.of(candidate_of(PNG))) as server:
        drawn = await server.model("gemini").generate("a cat", None, 3)
    assert drawn == [Image(PNG)] * 3
    assert len(server.requests) == 3
    assert "imageConfig" not in server.requests[0].body["generationConfig"]


async def test_a_name_of_a_model_stays_in_its_place_in_the_address() -> None:
    async with provider(Answer.of(candidate_of(PNG))) as server:
        await server.model("gemini", model="a/../b?key=c").generate("a cat", None, 1)
    assert server.requests[0].line.split()[1] == "/v1/models/a%2F..%2Fb%3Fkey%3Dc:generateContent"


async def test_drafts_of_gemini_are_left_out() -> None:
    answer = candidate_of(PNG)
    draft = {"inlineData": {"data": encoded(JPEG)}, "thought": True}
    answer["candidates"][0]["content"]["parts"].insert(0, draft)
    async with provider(Answer.of(answer)) as server:
        assert await server.model("gemini").generate("a cat", None, 1) == [Image(PNG)]


@pytest.mark.parametrize("name", ANSWERS)
async def test_the_kind_is_what_the_bytes_say(name: str) -> None:
    answer = candidate_of(WEBP) if name == "gemini" else data_of(WEBP)
    async with provider(Answer.of(answer)) as server:
        (drawn,) = await server.model(name).generate("a cat", None, 1)
    assert drawn == Image(WEBP, "image/webp")


async def test_a_data_uri_is_understood() -> None:
    answer: Any = {"data": [{"b64_json": "data:image/jpeg;base64," + encoded(JPEG)}]}
    async with provider(Answer.of(answer)) as server:
        assert await server.model("grok").generate("x", None, 1) == [Image(JPEG, "image/jpeg")]


async def test_more_images_than_asked_for_are_left_out() -> None:
    async with provider(Answer.of(data_of(PNG, PNG, PNG))) as server:
        assert len(await server.model("openai").generate("a cat", None, 2)) == 2


@pytest.mark.parametrize("name", ANSWERS)
async def test_any_prompt_can_be_sent(name: str) -> None:
    prompt = 'ä "quoted" \U0001f408 \ud800 {}\x00'
    async with provider(Answer.of(ANSWERS[name])) as server:
        await server.model(name).generate(prompt, None, 1)
    body = server.requests[0].body
    sent = body["contents"][0]["parts"][0]["text"] if name == "gemini" else body["prompt"]
    assert sent == prompt
