"""The kind `openapi`: a service by its document, whose secrets stand in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from toolyard.clients.openapi.credentials import Secret
from toolyard.clients.openapi.openapi_client import (
    MAX_RESPONSE_BYTES,
    TIMEOUT_S,
    OpenAPIClient,
)
from toolyard.core.errors import ConfigError
from toolyard.egress.trust import authorities_and
from toolyard.wiring.options import Words, read_options

Name = Annotated[str, Field(min_length=1)]


class OpenAPIOptions(BaseModel):
    """What `[tools.NAME.options]` of the kind `openapi` may hold.

    A credential stands by the name of a security scheme of the document, and names the variable
    that its secret is in: `{ value_env = "KEY" }`, or `{ user = "ann", password_env = "SECRET" }`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: Name = Field(repr=False)
    server: Name | None = Field(None, repr=False)
    include: Words | None = None
    exclude: Words = []
    read_only: bool = False
    credentials: dict[str, dict[str, str]] = Field({}, repr=False)
    headers: dict[str, str] = Field({}, repr=False)
    allow_private: Words = []
    redirect_hosts: Words = []
    timeout_s: float = TIMEOUT_S
    max_response_bytes: int = MAX_RESPONSE_BYTES
    ca_file: Name | None = None
    """Certificates in PEM of authorities that are believed besides the well-known ones."""


def openapi_client(**options: Any) -> OpenAPIClient:
    """The client that `options`, those of `OpenAPIOptions`, describe.

    Raises:
        ConfigError: An option cannot be used, or a variable is not set.
    """
    read = read_options(OpenAPIOptions, options)
    others: dict[str, Any] = {name: getattr(read, name) for name in OpenAPIOptions.model_fields}
    others["credentials"] = {name: _secret(name, said) for name, said in read.credentials.items()}
    ca_file: str | None = others.pop("ca_file")
    trust = None if ca_file is None else authorities_and(ca_file)
    return OpenAPIClient(others.pop("document"), **others, ssl_context=trust)


def _secret(scheme: str, said: Mapping[str, str]) -> Secret:
    match sorted(said):
        case ["value_env"]:
            return _from_environment(said["value_env"], scheme)
        case ["password_env", "user"]:
            return said["user"], _from_environment(said["password_env"], scheme)
        case _:
            raise ConfigError(
                f"credentials of {scheme!r}: give value_env, or user and password_env; each *_env "
                "is the name of an environment variable."
            )


def _from_environment(variable: str, scheme: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"Set {variable} in the environment to the credential {scheme!r}.")
    return value
