"""What the `TOOLYARD_*` variables say of tables, and of single options in them."""

from __future__ import annotations

import json
import os
from typing import Any, cast

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from toolyard.config.places import PREFIX
from toolyard.config.settings import COMMAS, Settings
from toolyard.core.errors import ConfigError


class DeepEnvironment(EnvSettingsSource):
    """All of the variables; tables and lists of tables are JSON."""

    def __init__(self) -> None:
        fields = cast("type[BaseSettings]", Settings)  # all that is read of it are its fields
        super().__init__(fields, env_prefix=PREFIX, env_nested_delimiter="__")

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:
        """The JSON in `value`, or `value` where it is a list with commas."""
        if field is None:  # of an option in a table whose options are not known
            return json.loads(value)
        if COMMAS in field.metadata:
            return value
        return super().decode_complex_value(field_name, field, value)

    def prepare_field_value(
        self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool
    ) -> Any:
        """What an option is, of a variable of its name and of those of its parts."""
        try:
            return super().prepare_field_value(field_name, field, value, value_is_complex)
        except (ValueError, RecursionError):
            option = PREFIX + field_name.upper()
            given = [name for name in os.environ if name.upper().split("__")[0] == option]
            names = [name if len(name) <= 60 else f"{name[:57]}..." for name in given]
            raise ConfigError(
                f"{' or '.join(names)} in the environment is not the JSON that it has to be."
            ) from None
