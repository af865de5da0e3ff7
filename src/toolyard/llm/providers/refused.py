"""Settings that a model has refused, which are left out from then on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

logger = logging.getLogger("toolyard.llm")


class Refused:
    """Learns what the model of that name refuses."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._names: set[str] = set()

    def add(self, name: str) -> None:
        """From now on, leave this setting out."""
        logger.warning("%s takes no %s; it is left out", self._model, name)
        self._names.add(name)

    def without(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `settings` that say something and are not refused."""
        return {
            name: value
            for name, value in settings.items()
            if value is not None and name not in self._names
        }
