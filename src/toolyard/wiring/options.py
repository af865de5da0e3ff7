"""Options of a kind as they stand in settings, read with their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from toolyard.core.errors import ConfigError

T = TypeVar("T", bound=BaseModel)
WHOLE = "the table"


def split(given: object) -> object:
    """A list may be written with commas: `example.com,*.example.org`."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return given


Words = Annotated[list[str], BeforeValidator(split)]


def read_options(model: type[T], given: Mapping[str, Any]) -> T:
    """`given` as `model` has it.

    Raises:
        ConfigError: Each problem with its place, and never the value, which may be a secret.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        told = (f"{'.'.join(map(str, each['loc'])) or WHOLE}: {each['msg']}" for each in found)
        raise ConfigError("; ".join(told)) from None
