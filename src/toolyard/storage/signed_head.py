"""A head of a ledger with its signature, and the line that says both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from toolyard.core.errors import ConfigError, StoreError
from toolyard.storage.ledger_check import LedgerHead

_LINE = re.compile(r"([0-9]{1,15}):([0-9a-f]{64}):([0-9a-f]{128})")


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head that somebody signed: kept anywhere, it shows a cut tail to who has their key."""

    head: LedgerHead
    signature: bytes

    @classmethod
    def of(cls, head: LedgerHead, key: Path) -> SignedHead:
        """`head`, signed with the private key in the PEM file `key`; blocks.

        Raises:
            ConfigError: There is no such key there, or others may read it.
        """
        # Loaded only where it is used: cryptography is large.
        from toolyard.storage.ledger_signature import sign

        return cls(head, sign(head, key))

    @classmethod
    def read(cls, line: str) -> SignedHead:
        """The one that `line` says; `ConfigError` if it says none."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ConfigError("A signed anchor is COUNT:HASH:SIGNATURE in one line.")
        return cls(LedgerHead(int(found[1]), found[2]), bytes.fromhex(found[3]))

    @property
    def line(self) -> str:
        """It as text, without an end of line."""
        return f"{self.head.records}:{self.head.hash}:{self.signature.hex()}"

    def verified(self, public_key: Path) -> LedgerHead:
        """The head, signed by the one whose public key is in the PEM file; blocks.

        Raises:
            ConfigError: There is no such key there.
            StoreError: It is signed by somebody else, or was changed.
        """
        from toolyard.storage.ledger_signature import is_signed

        if not is_signed(self.head, self.signature, public_key):
            raise StoreError("The anchor is not signed with that key, or was changed.")
        return self.head
