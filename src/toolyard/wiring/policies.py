"""The policies that a table in the settings puts around its source."""

from __future__ import annotations

from toolyard.config.settings import ToolSettings
from toolyard.core.protocol import ToolProtocol


def with_policies(source: ToolProtocol, settings: ToolSettings) -> ToolProtocol:
    """`source`, filtered by its own names, renamed, and limited in time, where that is wanted.

    Raises:
        ConfigError: A new name is not fit for hosts, or given twice.
    """
    # Each is loaded where it is wanted: most sources are served as they are.
    if settings.only is not None or settings.without:
        from toolyard.registry.policies.name_filter import NameFilter

        source = NameFilter(source, only=settings.only, without=settings.without)
    if settings.rename:
        from toolyard.registry.policies.rename import Rename

        source = Rename(source, settings.rename)
    if settings.time_limit_s is not None:
        from toolyard.registry.policies.time_limit import TimeLimit

        source = TimeLimit(source, settings.time_limit_s)
    return source
