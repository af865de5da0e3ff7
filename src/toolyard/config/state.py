"""Where what outlives a run is kept for the user."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Our own directory below the one that XDG names for such things; it may not be there yet.

    Raises:
        FileNotFoundError: The user has no home directory.
    """
    said = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = said if said.is_absolute() else Path(os.path.expanduser("~/.local/state"))
    if not state.is_absolute():  # it would be below a directory that is not the user's
        raise FileNotFoundError("There is no home directory.")
    return state / "toolyard"
