"""Which account commands run as."""

from __future__ import annotations

import os
import pwd

from toolyard.core.errors import ConfigError

OWN = 65_432
"""For commands of a server that runs as root: an account that nobody else has.

It needs no entry anywhere, and is small enough for containers that know 65,536 accounts.
"""


def account_of(user: str | int | None) -> int | None:
    """The account to become; `None` to stay what we are.

    Args:
        user: A name, a number, or `None`: then a server that is root becomes `OWN`.

    Raises:
        ConfigError: There is no such account, or we may not become it.
    """
    ours = os.geteuid()
    wanted = _number(user) if user is not None else (ours or OWN)
    if wanted == ours:
        return None
    if ours != 0:
        raise ConfigError("Only root can run commands as another account: leave `user` out.")
    return wanted


def _number(user: str | int) -> int:
    if isinstance(user, int):
        return user
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise ConfigError(f"There is no account {user!r} on this machine.") from None
