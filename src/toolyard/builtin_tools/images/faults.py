"""What a provider's bad answer means, as a sentence for a model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from toolyard.builtin_tools.images.dialect import JsonObject, object_in, objects, text_in
from toolyard.core.errors import ToolError
from toolyard.core.quoting import quotable, wait_of

_REFUSED = re.compile(r"moderation|content.?policy|safety|blocked|prohibited", re.IGNORECASE)
_BAD_KEY = re.compile(r"API_KEY_INVALID|incorrect api key|invalid_api_key", re.IGNORECASE)
_SPENT = re.compile(r"insufficient_quota|billing_hard_limit|out of credits", re.IGNORECASE)


class Busy(Exception):
    """The provider may do it a little later."""

    def __init__(self, told: ToolError, wait_s: float | None = None) -> None:
        super().__init__(str(told))
        self.told = told
        self.wait_s = wait_s
        """What the provider asked for, if it did."""


def fault_of(
    provider: str, api_key: str, status: int, content: bytes, retry_after: str | None
) -> ToolError | Busy:
    """The error for a status that is not 2xx."""
    words = list(_words(content))
    all_words = " ".join(words)
    if status in (401, 403) or _BAD_KEY.search(all_words):
        return _no_admission(provider)
    if status == 429 and _SPENT.search(all_words):
        return ToolError(f"The account at {provider} is used up; tell whoever runs this server.")
    if status == 429:
        told = ToolError(f"{provider} takes no more requests now; try again in a minute.")
        return Busy(told, wait_of(retry_after))
    if status >= 500:
        told = ToolError(f"{provider} has a problem of its own (status {status}); try again later.")
        return Busy(told, wait_of(retry_after))
    if status in (400, 422) and _REFUSED.search(all_words):
        return refused(provider, None)
    if status == 404:
        return ToolError(f"{provider} has no such image model; tell whoever runs this server.")
    said = quotable(words[0] if words else "", api_key)
    return ToolError(f"{provider} does not take the request (status {status}){said}.")


def refused(provider: str, word: str | None) -> ToolError:
    """The error for a prompt that a provider does not draw."""
    known = word if word and re.fullmatch(r"[A-Za-z_]{1,40}", word) else None
    why = f" ({known})" if known else ""
    return ToolError(f"{provider} refuses to draw this{why}; describe something else.")


def _no_admission(provider: str) -> ToolError:
    return ToolError(
        f"{provider} does not accept the API key of this server; "
        "tell whoever runs it, as trying again will not help."
    )


def _words(content: bytes) -> Iterator[str]:
    """What an error body says, the sentence first: `error` is an object or a text."""
    try:
        body = object_in(json.loads(content))
    except (ValueError, RecursionError):
        return
    error: JsonObject = object_in(body.get("error"))
    said = (error.get("message"), body.get("error"), error.get("code"), error.get("type"))
    reasons = (each.get("reason") for each in objects(error.get("details")))
    for each in (*said, error.get("status"), body.get("code"), *reasons):
        text = text_in(each)
        if text is not None:
            yield text
