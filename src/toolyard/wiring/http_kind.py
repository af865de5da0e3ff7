"""The kind `http`: an HTTP client whose secrets stand in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from toolyard.builtin_tools.http_client import MAX_RESPONSE_BYTES, TIMEOUT_S, HttpClient
from toolyard.core.errors import ConfigError
from toolyard.egress.credentials import Credential
from toolyard.egress.destinations import SCHEMES, WEB_PORTS
from toolyard.egress.trust import authorities_and
from toolyard.wiring.options import Words, read_options, split


def _ports(given: object) -> object:
    if given == "*":
        return None
    return [given] if isinstance(given, int) else split(given)


Ports = Annotated[list[int] | None, BeforeValidator(_ports)]
"""`*` for all of them."""


class HttpOptions(BaseModel):
    """What `[tools.NAME.options]` of the kind `http` may hold.

    A credential names the variable that its secret is in: `{ bearer_env = "TOKEN" }`,
    `{ user = "ann", password_env = "PASSWORD" }` or `{ header = "X-Api-Key", value_env = "KEY" }`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_hosts: Words | None = None
    deny_hosts: Words = []
    allow_private: Words = []
    allowed_schemes: Words = list(SCHEMES)
    allowed_ports: Ports = list(WEB_PORTS)
    credentials: dict[str, dict[str, str]] = Field({}, repr=False)
    headers: dict[str, str] = Field({}, repr=False)
    timeout_s: float = TIMEOUT_S
    max_response_bytes: int = MAX_RESPONSE_BYTES
    markdown: bool = False
    ca_file: Annotated[str, Field(min_length=1)] | None = None
    """Certificates in PEM of authorities that are believed besides the well-known ones."""


def http_client(**options: Any) -> HttpClient:
    """The client that `options`, those of `HttpOptions`, describe.

    Raises:
        ConfigError: An option cannot be used, or a variable is not set.
    """
    read = read_options(HttpOptions, options)
    credentials = {host: _credential(host, said) for host, said in read.credentials.items()}
    others: dict[str, Any] = {name: getattr(read, name) for name in HttpOptions.model_fields}
    others["credentials"] = credentials
    ca_file: str | None = others.pop("ca_file")
    trust = None if ca_file is None else authorities_and(ca_file)
    return HttpClient(**others, ssl_context=trust)


def _credential(host: str, said: Mapping[str, str]) -> Credential:
    match sorted(said):
        case ["bearer_env"]:
            return Credential.bearer(_secret(said["bearer_env"], host))
        case ["password_env", "user"]:
            return Credential.basic(said["user"], _secret(said["password_env"], host))
        case ["header", "value_env"]:
            return Credential.of_header(said["header"], _secret(said["value_env"], host))
        case _:
            raise ConfigError(
                f"credentials of {host!r}: give bearer_env, or user and password_env, or header "
                "and value_env; each *_env is the name of an environment variable."
            )


def _secret(variable: str, host: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"Set {variable} in the environment to the credential for {host!r}.")
    return value
