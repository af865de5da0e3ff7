"""How a model is to answer: settings of one request, and named profiles of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

Effort = Literal["none", "low", "medium", "high"]
"""How much a model may think before it answers."""

TIMEOUT_S = 300.0
"""How long one request may take where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Settings of one request; `None` leaves a setting to the provider.

    What a provider does not know at all is left out. A model that refuses one of the knobs for
    sampling (`temperature`, `top_p`, `seed`) is asked again without it, and that is logged.
    """

    temperature: float | None = None
    """From 0, always the likeliest word, up to 2 (Anthropic: 1)."""
    top_p: float | None = None
    """Only the likeliest words whose chances add up to this, over 0 and up to 1."""
    max_tokens: int | None = None
    """Of the answer, its reasoning included."""
    stop: tuple[str, ...] = ()
    """Texts before which the answer ends."""
    seed: int | None = None
    """The same seed may give the same answer again."""
    effort: Effort | None = None
    parallel_tools: bool | None = None
    """Whether the model may ask for several tools at once."""
    timeout_s: float = TIMEOUT_S
    """For the whole request, with its stream; retries each have their own."""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Members to put into the request as they are, by the provider's own names."""

    def over(self, other: ModelSettings) -> ModelSettings:
        """These settings, and where they leave something open, those of `other`."""
        usual = ModelSettings()
        said = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != getattr(usual, each.name)
        }
        if self.extra and other.extra:
            said["extra"] = {**other.extra, **self.extra}
        return replace(other, **said)


CREATIVE = ModelSettings(temperature=1.0)
"""For ideas: each answer differs."""
BALANCED = ModelSettings(temperature=0.7)
DETERMINISTIC = ModelSettings(temperature=0.0, seed=0)
"""For decisions: the same question gets the same answer as far as the provider can do that."""

PROFILES: Mapping[str, ModelSettings] = {
    "creative": CREATIVE,
    "balanced": BALANCED,
    "deterministic": DETERMINISTIC,
}
