"""A head of a ledger, signed with Ed25519: an anchor that may be kept beside the ledger."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISREG

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from toolyard.core.errors import ConfigError
from toolyard.storage.ledger_check import LedgerHead

DOMAIN = b"toolyard ledger head v1\n"
"""Before what is signed, so that a signature of a head is one of nothing else."""
_MAX_KEY_BYTES = 10_000
_OPEN_TO_OTHERS = 0o077
_NO_KEY = (ValueError, TypeError, UnsupportedAlgorithm)


def sign(head: LedgerHead, key: Path) -> bytes:
    """The signature of `head` by the private key in the PEM file `key`.

    Raises:
        ConfigError: There is no such key there, or others may read it.
    """
    return _private_key(key).sign(_signed(head))


def is_signed(head: LedgerHead, signature: bytes, public_key: Path) -> bool:
    """Whether `signature` of `head` is by the one whose public key is in the PEM file.

    Raises:
        ConfigError: There is no such key there.
    """
    pem = _read(public_key)[0]
    try:
        key = load_pem_public_key(pem)
    except _NO_KEY:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{public_key.name} holds no public Ed25519 key in PEM.")
    try:
        key.verify(signature, _signed(head))
    except InvalidSignature:
        return False
    return True


def new_keys(private: Path, public: Path) -> None:
    """Make a pair of keys, in two new files; the private one is for its owner only.

    Raises:
        ConfigError: There is a file already, or none can be written.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(private, pem, 0o600)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write(public, pem, 0o644)


def _signed(head: LedgerHead) -> bytes:
    return DOMAIN + f"{head.records}:{head.hash}\n".encode()


def _private_key(path: Path) -> Ed25519PrivateKey:
    pem, mode = _read(path)
    if mode & _OPEN_TO_OTHERS:
        raise ConfigError(f"{path.name} is open to other users of this machine; make it 0600.")
    try:
        key = load_pem_private_key(pem, password=None)
    except _NO_KEY:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path.name} holds no private Ed25519 key in PEM, without a password.")
    return key


def _read(path: Path) -> tuple[bytes, int]:
    """What is in a file, and its mode."""
    try:
        if not S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{path.name} is no ordinary file.")
        with path.open("rb") as file:
            return file.read(_MAX_KEY_BYTES), os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}.") from error


def _write(path: Path, pem: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
    except FileExistsError as error:
        raise ConfigError(f"{path.name} is there already; take another name.") from error
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be written: {error.strerror}.") from error
