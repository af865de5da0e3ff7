"""What a provider's bad answer means: by its status and its codes, never by a word in a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolyard.core.errors import (
    ContentFiltered,
    InvalidRequest,
    KeyRefused,
    ModelError,
    ModelUnreachable,
    QuotaSpent,
    RateLimited,
    TokenLimit,
)
from toolyard.core.quoting import quotable, wait_of
from toolyard.llm.providers.access import Access

Kind = type[ModelError]

_BY_STATUS: Mapping[int, Kind] = {
    401: KeyRefused,
    402: QuotaSpent,
    403: KeyRefused,
    408: ModelUnreachable,
    409: ModelUnreachable,
    413: TokenLimit,
    425: ModelUnreachable,
    429: RateLimited,
}

_SAID: Mapping[Kind, str] = {
    TokenLimit: "{model} cannot take in so much; say less, or take a model with more room",
    RateLimited: "{provider} gets too many requests; try again later",
    QuotaSpent: "What was paid for at {provider} is used up; see to the account there",
    ModelUnreachable: "{provider} has a problem of its own; try again later",
    InvalidRequest: "{provider} does not take the request for {model}",
    KeyRefused: "{provider} does not accept the key; check {key_name}",
    ContentFiltered: "{provider} does not answer this; say it in another way",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadAnswer:
    """What there is to know of an answer that is an error."""

    status: int | None = None
    """`None` in the middle of a stream."""
    codes: tuple[str | None, ...] = ()
    """The provider's own words for programs, the most telling first."""
    said: str = ""
    """Its words for people."""
    retry_after: str | None = None


def fault_of(access: Access, answer: BadAnswer, known: Mapping[str, Kind]) -> ModelError:
    """The error for `answer`; `known` tells what the codes of this provider mean."""
    codes = (code for code in answer.codes if code is not None and code in known)
    kind = next((known[code] for code in codes), _by_status(answer.status))
    text = _SAID[kind].format(provider=access.provider, model=access.name, key_name=access.key_name)
    said = quotable(answer.said, access.api_key)
    return kind(f"{text}{said}.", wait_s=wait_of(answer.retry_after))


def _by_status(status: int | None) -> Kind:
    if status is None or status >= 500:
        return ModelUnreachable
    return _BY_STATUS.get(status, InvalidRequest)


def unreachable(access: Access) -> ModelUnreachable:
    """The error where there was no connection, or it broke."""
    return ModelUnreachable(f"{access.provider} cannot be reached, or broke off; try again later.")


def unreadable(access: Access) -> ModelUnreachable:
    """The error for what is no answer at all."""
    return ModelUnreachable(
        f"{access.provider} answered with something that is no answer of a model; try again."
    )


def late(access: Access, seconds: float) -> ModelUnreachable:
    """The error where the answer did not come in time."""
    return ModelUnreachable(f"{access.name} did not answer within {seconds:g} s; try again.")


def filtered(access: Access, why: str | None) -> ContentFiltered:
    """The error for a request that the provider would not even begin to answer."""
    text = _SAID[ContentFiltered].format(provider=access.provider)
    return ContentFiltered(f"{text}{quotable(why or '', access.api_key)}.")
