"""Answers that are not what was asked for, and what the model is told of them."""

from __future__ import annotations

from toolyard.core.errors import ContentFiltered, ExtractionError, UnfitReply
from toolyard.llm.chat import Reply


def refuse_broken(reply: Reply) -> None:
    """Raise for an answer that is none, or not the whole of one; asking again does not help.

    Raises:
        UnfitReply: It is a refusal, or was cut off for its length.
        ContentFiltered: The provider cut it off.
    """
    if reply.finish == "refusal":
        raise UnfitReply("The model refuses to answer; ask for something else.", reply.text)
    if reply.finish == "length":
        raise UnfitReply("The answer was cut off; allow it more max_tokens.", reply.text)
    if reply.finish == "content_filter":
        raise ContentFiltered("The provider cut the answer off; ask for something else.")


def again(error: ExtractionError) -> str:
    """What a model is told whose answer does not fit."""
    return f"That cannot be used. {error}\nAnswer again, with the JSON alone."


def unfit(error: ExtractionError, answer: str) -> UnfitReply:
    """The error for an answer that does not fit, once it was asked for often enough."""
    return UnfitReply(f"The answer is not what was asked for. {error}", answer)
