"""Which model is asked where, and with which key."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """The way to one model."""

    provider: str
    """What we call the provider."""
    model: str
    """What the provider calls the model."""
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    """`None` for the provider's own."""
    is_own: bool = True
    """Whether that is the provider's, and not another server that speaks as it does."""
    key_name: str = "api_key"
    """Where the key is expected, for whoever has to set it."""

    @property
    def name(self) -> str:
        """As models are named here."""
        return f"{self.provider}:{self.model}"
