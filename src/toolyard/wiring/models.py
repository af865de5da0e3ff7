"""Which providers of models can be asked from here."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.llm.models import PROVIDERS, Provider


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider, and what is missing to ask it."""

    name: str
    is_ready: bool
    missing: str | None
    """What to do first, if anything."""
    example: str
    """A model of it, as it is named here."""


def providers() -> list[ProviderState]:
    """Every provider that models can be named of, in the order in which they are documented."""
    return [_state(name, provider) for name, provider in PROVIDERS.items()]


def _state(name: str, provider: Provider) -> ProviderState:
    missing = [
        *([] if provider.is_installed else [f"pip install 'toolyard[{provider.extra}]'"]),
        *([] if provider.key or not provider.keys else [f"set {provider.keys[0]}"]),
    ]
    said = ", ".join(missing) or None
    return ProviderState(name, not missing, said, f"{name}:{provider.example}")
