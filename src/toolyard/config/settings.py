"""Every option of a server, typed; the same in the file, the environment and the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from toolyard.core.stand_in import stand_in


def _split(given: object) -> object:
    """A list may be written with commas in the environment: `10.0.0.0/8,127.0.0.1`."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return given


COMMAS = BeforeValidator(_split)
"""What takes a list written with commas; such a list is never JSON."""
Words = Annotated[list[str], COMMAS]
Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Part(BaseModel):
    """The file or a table of it; an option nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class TokenSettings(Part):
    """One bearer token; its secret stands here or, better, in the environment."""

    name: str | None = None
    secret: SecretStr | None = None
    env: str | None = Field(None, description="Name of the variable that holds the secret.")
    scopes: list[str] | None = Field(None, description="Everything if not given.")
    expires_at: AwareDatetime | None = Field(None, description="With its offset from UTC.")

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


class LimitSettings(Part):
    """How much clients may take; what is not given stays as the server has it."""

    body_bytes: Count | None = None
    header_bytes: Count | None = None
    headers: Count | None = None
    depth: Count | None = None
    elements: Count | None = None
    answer_bytes: Count | None = None
    sessions: Count | None = None
    sessions_per_caller: Count | None = None
    connections: Count | None = None
    connections_per_address: Count | None = None
    concurrency: Count | None = None
    page_size: Count | None = None
    call_s: Seconds | None = None
    header_s: Seconds | None = None
    body_s: Seconds | None = None
    write_s: Seconds | None = None
    session_idle_s: Seconds | None = None
    keep_alive_s: Seconds | None = None


class ResultSettings(Part):
    """When a result is too large for a model, and for how long the rest of it can be read."""

    max_bytes: Count = 64 * 1024
    keep_s: Seconds = 900.0


OF_KIND: Mapping[str, frozenset[str]] = {
    "kind": frozenset({"options"}),
    "url": frozenset({"token", "token_env", "headers"}),
    "command": frozenset({"env", "cwd"}),
}
"""The ways to say where tools come from, and what else each of them takes."""


class ProbeSettings(Part):
    """A call that a new version must answer well before it takes the old one's place."""

    tool: str = Field(min_length=1, description="As the source calls it, renamed if it is.")
    arguments: dict[str, Any] = {}


class ToolSettings(Part):
    """One source of tools: exactly one of `kind`, `url` and `command`."""

    kind: str | None = Field(
        None, description="A kind such as `calculator`, or `path/to/file.py[:name]`."
    )
    url: str | None = Field(None, repr=False, description="A remote MCP server.")
    command: list[str] | None = Field(
        None, repr=False, description="An MCP server to start as a process."
    )
    prefix: str | None = None
    enabled: bool = True
    cut_results: bool | None = Field(
        None, description="Whether large results are cut; if not given, as the kind wants it."
    )
    time_limit_s: Seconds | None = Field(None, description="How long a call may take.")
    only: Words | None = Field(
        None, description="Patterns of the tools to offer; all if not given."
    )
    without: Words = Field([], description="Patterns of tools to leave out.")
    rename: dict[str, str] = Field({}, description="New names of tools.")
    may_break: bool = Field(
        True, description="Whether a swap may take tools away, or narrow what they take."
    )
    probe: ProbeSettings | None = Field(
        None, description="A call that a new version must answer well to be swapped in."
    )
    token: SecretStr | None = None
    token_env: str | None = Field(None, description="Name of the variable that holds the token.")
    headers: dict[str, SecretStr] = {}
    env: dict[str, str] = Field({}, repr=False)
    cwd: Path | None = None
    options: dict[str, Any] = Field({}, repr=False, description="Options of the kind.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [way for way in OF_KIND if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(OF_KIND)}")
        for way, own in OF_KIND.items():
            if way != given[0] and (idle := own & self.model_fields_set):
                raise ValueError(f"{', '.join(sorted(idle))} goes with {way}, not {given[0]}")
        if self.token is not None and self.token_env is not None:
            raise ValueError("give either 'token' or 'token_env'")
        return self


Watch = Literal["off", "settings", "all"]
"""`all`: Python files of tools too, though not what they import."""


class Settings(Part):
    """A server and what it serves.

    Not a `BaseSettings`: that one takes options of its own, and a file could set them.
    """

    name: str = Field("toolyard", min_length=1)
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8080, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=128, description="Processes that serve the port together.")
    stdio: bool = False
    token: Annotated[list[SecretStr], COMMAS] = []
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
    drain_s: float = Field(30.0, ge=0, allow_inf_nan=False)
    stateless: bool = Field(False, description="Whether no client needs a session.")
    state_key: Annotated[list[SecretStr], COMMAS] = Field(
        [], min_length=1, description="Shared by replicas: the first seals, all open."
    )
    fast_lane: bool = Field(True, description="Whether plain calls and lists go past the SDK.")
    limits: LimitSettings = Field(default_factory=LimitSettings)
    results: ResultSettings = Field(default_factory=ResultSettings)
    tls: TlsSettings | None = None
    control: bool = Field(False, description="Offer the tools that change what is served.")
    watch: Watch = Field("settings", description="Which files' edits are applied at once.")
    mcp_servers: Words = Field([], description="Hosts' files whose servers are served too.")
    tools: dict[str, ToolSettings] = {}


# Looking for plugins loads what reads all installed packages, some 2 MB that every server would
# keep. Those who add plugins to pydantic have them for their own models.
with stand_in("pydantic.plugin._loader", get_plugins=tuple):
    for _part in (LimitSettings, ResultSettings, Settings):  # the others are rarely read alone
        _part.model_rebuild()
