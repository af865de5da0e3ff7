"""Which account commands run as."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from toolyard.builtin_tools.bash.order import Account
from toolyard.core.errors import ConfigError

OWN = 65_432
"""For commands of a server that runs as root: an account that nobody else has.

It needs no entry anywhere, and is small enough for containers that know 65,536 accounts.
"""


def account_of(user: str | int | None) -> Account | None:
    """The account to become; `None` to stay what we are.

    Args:
        user: A name, a number, or `None`: then a server that is root becomes `OWN`, where there
            is such an account.

    Raises:
        ConfigError: There is no such account, or we may not become it.
    """
    ours = os.geteuid()
    if user is None:
        return Account(OWN, OWN) if is_root() and _is_known(OWN) else None
    wanted = _found(user)
    if wanted.user == ours:
        return None
    if ours != 0:
        raise ConfigError("Only root can run commands as another account: leave `user` out.")
    if not _is_known(wanted.user):
        raise ConfigError(f"This container has no account {wanted.user}.")
    return wanted


def is_root() -> bool:
    """Whether we are root, and not just called so in a container."""
    outside = next((there for here, there, _ in _accounts() if here == 0), 0)
    return os.geteuid() == 0 and outside == 0


def _is_known(account: int) -> bool:
    return any(first <= account < first + count for first, _, count in _accounts())


def _accounts() -> Iterator[tuple[int, int, int]]:
    """Ranges of accounts: their numbers here, outside, and how many; see user_namespaces(7)."""
    try:
        lines = Path("/proc/self/uid_map").read_text("ascii").splitlines()
    except OSError:
        lines = ["0 0 4294967295"]
    for line in lines:
        here, there, count = map(int, line.split())
        yield here, there, count


def _found(user: str | int) -> Account:
    """An account with its own group: a group with the same number may be another one's."""
    try:
        entry = pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
    except KeyError:
        if isinstance(user, int):
            return Account(user, user)
        raise ConfigError(f"There is no account {user!r} on this machine.") from None
    return Account(entry.pw_uid, entry.pw_gid)
