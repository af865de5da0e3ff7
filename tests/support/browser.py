"""A real browser for the tests of pages."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright
from tests.support.install import find_chromium
from tests.support.missing import missing

TIMEOUT_MS = 10_000
"""For each thing that is waited for."""


@asynccontextmanager
async def browsing() -> AsyncGenerator[tuple[Page, list[str]]]:
    """An empty page in Chromium without a window, and what went wrong in it, as it happens."""
    program = find_chromium()
    if program is None:
        missing("Chromium", "Run `python tests/support/install.py` as root.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program)
        try:
            page = await browser.new_page()
            page.set_default_timeout(TIMEOUT_MS)
            wrong = list[str]()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("requestfailed", lambda request: wrong.append(f"no {request.url}"))
            page.on("console", lambda said: wrong.extend([said.text] * (said.type == "error")))
            yield page, wrong
        finally:
            await browser.close()
