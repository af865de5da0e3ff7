"""The policies that a table in the settings puts around its source."""

from __future__ import annotations

from toolyard.config.settings import ToolSettings
from toolyard.core.protocol import ToolProtocol
from toolyard.registry.policies.name_filter import NameFilter
from toolyard.registry.policies.rename import Rename
from toolyard.registry.policies.time_limit import TimeLimit


def with_policies(source: ToolProtocol, settings: ToolSettings) -> ToolProtocol:
    """`source`, filtered by its own names, renamed, and limited in time, where that is wanted.

    Raises:
        ConfigError: A new name is not fit for hosts, or given twice.
    """
    if settings.only is not None or settings.without:
        source = NameFilter(source, only=settings.only, without=settings.without)
    if settings.rename:
        source = Rename(source, settings.rename)
    if settings.time_limit_s is not None:
        source = TimeLimit(source, settings.time_limit_s)
    return source
