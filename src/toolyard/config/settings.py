"""Every option of a server, typed; the same in the file, the environment and the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(given: object) -> object:
    """A list may be written with commas in the environment: `10.0.0.0/8,127.0.0.1`."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return given


Words = Annotated[list[str], NoDecode, BeforeValidator(_split)]


class Part(BaseModel):
    """A table of the file; an option nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TokenSettings(Part):
    """One bearer token; its secret stands here or, better, in the environment."""

    name: str | None = None
    secret: SecretStr | None = None
    env: str | None = Field(None, description="Name of the variable that holds the secret.")
    scopes: list[str] | None = Field(None, description="Everything if not given.")
    expires_at: datetime | None = None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret is None) == (self.env is None):
            raise ValueError("give either 'secret' or 'env'")
        return self


class JwtSettings(Part):
    """Whose JSON Web Tokens are accepted."""

    issuer: str
    audience: str
    jwks: str | None = None
    key: SecretStr | None = None
    algorithms: list[str] | None = None


class TlsSettings(Part):
    """A certificate chain and its key, as PEM files."""

    certfile: Path
    keyfile: Path
    password: SecretStr | None = None


class ToolSettings(Part):
    """One source of tools: exactly one of `kind`, `url` and `command`."""

    kind: str | None = Field(None, description="`calculator`, or `path/to/file.py[:name]`.")
    url: str | None = Field(None, description="A remote MCP server.")
    command: list[str] | None = Field(None, description="An MCP server to start as a process.")
    prefix: str | None = None
    enabled: bool = True
    token: SecretStr | None = None
    token_env: str | None = Field(None, description="Name of the variable that holds the token.")
    headers: dict[str, SecretStr] = {}
    env: dict[str, str] = {}
    cwd: Path | None = None
    options: dict[str, Any] = Field({}, description="Options of the kind.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("kind", "url", "command") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of 'kind', 'url' and 'command'")
        return self


class Settings(BaseSettings):
    """A server and what it serves."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="TOOLYARD_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    name: str = "toolyard"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    stdio: bool = False
    token: Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)] = []
    tokens: list[TokenSettings] = []
    token_file: Path | None = None
    jwt: JwtSettings | None = None
    allow: Words | None = None
    deny: Words = []
    trust_proxy: Words = []
    proxy_header: str = "x-forwarded-for"
    allowed_hosts: Words = []
    allowed_origins: Words = []
    rate: str | None = None
    insecure: bool = False
    instructions: str | None = None
    drain_s: float = Field(30.0, ge=0)
    limits: Mapping[str, float] = {}
    tls: TlsSettings | None = None
    tools: dict[str, ToolSettings] = {}
