"""A signed head: who signed it is known, and nothing of it can be changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from toolyard import ConfigError, LedgerHead, SignedHead, StoreError
from toolyard.storage.ledger_signature import new_keys

HEAD = LedgerHead(3, "ab" * 32)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_keys(tmp_path / "key", tmp_path / "key.pub")
    return tmp_path / "key"


@pytest.fixture
def public(key: Path) -> Path:
    return key.with_name("key.pub")


def test_a_signed_head_is_verified_with_the_public_key(key: Path, public: Path) -> None:
    signed = SignedHead.of(HEAD, key)
    assert SignedHead.read(signed.line + "\n") == signed
    assert signed.verified(public) == HEAD


def test_whatever_is_changed_is_refused(key: Path, public: Path) -> None:
    signed = SignedHead.of(HEAD, key)
    flipped = bytes([signed.signature[0] ^ 1, *signed.signature[1:]])
    for forged in (
        replace(signed, head=replace(HEAD, records=2)),
        replace(signed, head=replace(HEAD, hash="cd" * 32)),
        replace(signed, signature=flipped),
        replace(signed, signature=b""),
    ):
        with pytest.raises(StoreError, match="not signed with that key"):
            forged.verified(public)


def test_another_key_is_refused(key: Path, tmp_path: Path) -> None:
    new_keys(tmp_path / "other", tmp_path / "other.pub")
    with pytest.raises(StoreError, match="not signed with that key"):
        SignedHead.of(HEAD, key).verified(tmp_path / "other.pub")


def test_a_signature_of_the_bare_head_is_none_of_it(key: Path, public: Path) -> None:
    private = load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    bare = private.sign(f"{HEAD.records}:{HEAD.hash}\n".encode())
    with pytest.raises(StoreError):
        SignedHead(HEAD, bare).verified(public)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_read_signs_nothing(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(ConfigError, match="key is open to other users"):
        SignedHead.of(HEAD, key)


def test_what_is_no_key(key: Path, public: Path, tmp_path: Path) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    other = tmp_path / "other"
    other.write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    other.chmod(0o600)
    public.chmod(0o600)
    for path, said in [
        (other, "other holds no private Ed25519 key"),
        (public, "key.pub holds no private Ed25519 key"),
        (tmp_path, "no ordinary file"),
        (tmp_path / "none", "none cannot be read"),
    ]:
        with pytest.raises(ConfigError, match=said):
            SignedHead.of(HEAD, path)
    with pytest.raises(ConfigError, match="key holds no public Ed25519 key"):
        SignedHead.of(HEAD, key).verified(key)


def test_keys_are_never_overwritten_and_the_private_one_is_for_its_owner(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    with pytest.raises(ConfigError, match="there already"):
        new_keys(key, key.with_name("key.pub"))
    assert key.read_bytes() == before


@pytest.mark.parametrize("line", ["", "3:ab", f"3:{'ab' * 32}:", f"3:{'ab' * 32}:{'0' * 126}"])
def test_a_line_that_says_none(line: str) -> None:
    with pytest.raises(ConfigError, match="COUNT:HASH:SIGNATURE"):
        SignedHead.read(line)
