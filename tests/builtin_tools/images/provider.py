"""A provider of images on the loopback."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.provider import API_KEY, Answer, Request, serving
from tests.support.provider import Provider as AnyProvider

from toolyard import ImageModel, image_model

__all__ = ["API_KEY", "Answer", "Provider", "Request", "provider"]


class Provider(AnyProvider):
    def model(self, provider: str, **options: Any) -> ImageModel:
        """The real client of `provider`, sent here."""
        return image_model(provider, api_key=API_KEY, base_url=self.url, **options)


@asynccontextmanager
async def provider(*answers: Answer) -> AsyncGenerator[Provider]:
    """A provider that gives `answers`, until the block ends."""
    async with serving(Provider(*answers)) as made:
        yield made
