import hashlib
import hmac
import re
from collections.abc import Callable

import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.tokens import (
    MAX_TOKEN_CHARS,
    Token,
    TokenSet,
    digest_of,
    is_scope,
    is_token,
    is_weak,
    new_token,
)

NOW = 1_000_000


def test_a_new_token_is_256_random_bits_and_is_recognised() -> None:
    secret, token = new_token("alice", ["tool:add"])

    assert re.fullmatch(r"ty_[A-Za-z0-9_-]{43}", secret)
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    caller = TokenSet([token]).match(secret, NOW)
    assert caller is not None
    assert (caller.name, caller.scopes, caller.address) == ("alice", {"tool:add"}, None)


def test_no_two_new_tokens_are_the_same() -> None:
    assert len({new_token("a", [])[0] for _ in range(1000)}) == 1000


def test_a_new_token_is_not_weak() -> None:
    assert not is_weak(new_token("a", [])[0])


@pytest.mark.parametrize(
    ("secret", "weak"),
    [
        ("s3cret", True),
        ("", True),
        ("a" * 100, True),
        ("0123456789" * 2, True),
        ("0123456789abcdef0123456789abcde", True),
        ("9f86d081884c7d659a2feaa0c55ad015", False),
        ("b7c1b7e0-5c7c-4d4f-8d4e-0a8a3d2f9e61", False),
    ],
)
def test_short_and_monotonous_secrets_are_weak(secret: str, weak: bool) -> None:
    assert is_weak(secret) is weak


def test_a_weak_secret_of_the_user_works() -> None:
    tokens = TokenSet([Token.of("s3cret", "bearer", ["*"])])

    assert tokens.match("s3cret", NOW) is not None
    assert tokens.match("s3cre", NOW) is None
    assert tokens.match("s3crets", NOW) is None
    assert tokens.match("S3cret", NOW) is None


@pytest.mark.parametrize(
    ("not_before", "not_after", "now", "valid"),
    [
        (None, None, 0, True),
        (NOW, None, NOW - 0.5, False),
        (NOW, None, NOW, True),
        (None, NOW, NOW - 0.5, True),
        (None, NOW, NOW, False),
        (NOW, NOW + 1, NOW + 0.5, True),
        (NOW + 1, NOW, NOW + 0.5, False),
    ],
)
def test_a_token_is_valid_in_its_time(
    not_before: int | None, not_after: int | None, now: float, valid: bool
) -> None:
    token = Token.of("s3cret", "a", [], not_before=not_before, not_after=not_after)

    assert (TokenSet([token]).match("s3cret", now) is not None) is valid


def test_a_revoked_token_is_not_accepted() -> None:
    token = Token("a", digest_of("s3cret"), frozenset(), revoked=True)

    assert TokenSet([token]).match("s3cret", NOW) is None


def test_two_tokens_may_have_one_name_while_they_are_rotated() -> None:
    tokens = TokenSet([Token.of("old", "alice", ["x"]), Token.of("new", "alice", ["y"])])

    assert tokens.match("old", NOW) is not None
    assert tokens.match("new", NOW) is not None


def test_two_tokens_of_one_secret_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        TokenSet([Token.of("s3cret", "a", []), Token.of("s3cret", "b", [])])

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("secret", ["first", "middle", "last", "wrong", "expired", "revoked"])
def test_every_record_is_compared_whatever_was_found(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    compare: Callable[[str, str], bool] = hmac.compare_digest

    def counting(kept: str, presented: str) -> bool:
        compared.append((kept, presented))
        return compare(kept, presented)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    kept = [Token.of(word, word, []) for word in ("first", "middle", "last")]
    expired = Token.of("expired", "expired", [], not_after=NOW)
    revoked = Token("revoked", digest_of("revoked"), frozenset(), revoked=True)

    found = TokenSet([*kept, expired, revoked]).match(secret, NOW)

    assert (found is not None) is (secret in {"first", "middle", "last"})
    assert len(compared) == 5


@pytest.mark.parametrize(
    "text", ["a", "s3cret", "A-._~+/9", "abc=", "abc==", "a" * MAX_TOKEN_CHARS]
)
def test_what_a_client_can_send_is_a_token(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "=",
            "a=b",
            "a b",
            " a",
            "a ",
            "a\n",
            "a\x00",
            "a,b",
            'a"b',
            "a\\b",
            "pässword",
            "a:b",
        ),
        *("\ud800", "\u0661", "a" * (MAX_TOKEN_CHARS + 1)),
    ],
)
def test_what_a_client_cannot_send_is_no_token(text: str) -> None:
    assert not is_token(text)
    assert TokenSet([Token.of("a", "a", [])]).match(text, NOW) is None
    with pytest.raises(ConfigError):
        Token.of(text, "a", [])


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "a\n", "é", "a" * 65, "anonymous", "local", 'a"', "<b>"]
)
def test_a_name_that_would_confuse_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        Token.of("s3cret", name, [])


@pytest.mark.parametrize("scope", ["", "a b", 'a"b', "a\\b", "a\n", "é", "x" * 257])
def test_a_malformed_scope_is_refused(scope: str) -> None:
    assert not is_scope(scope)
    with pytest.raises(ConfigError):
        Token.of("s3cret", "a", ["tool:ok", scope])


@pytest.mark.parametrize("scope", ["*", "tool:add", "tool:files_*", "metrics", "https://x/y!"])
def test_a_scope_is_one_word(scope: str) -> None:
    assert is_scope(scope)


@pytest.mark.parametrize("digest", ["", "a" * 63, "A" * 64, "g" * 64, "s3cret"])
def test_a_digest_is_sha256_in_hex(digest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Token("a", digest, frozenset())

    assert not digest or digest not in str(caught.value)


def test_neither_a_token_nor_a_set_shows_what_it_is_made_of() -> None:
    token = Token.of("s3cret", "alice", [])
    shown = repr(token) + str(token) + repr(TokenSet([token]))

    assert "alice" in shown
    assert "s3cret" not in shown
    assert token.digest not in shown


async def test_a_set_is_a_verifier_by_the_clock_on_the_wall() -> None:
    tokens = TokenSet([Token.of("good", "a", []), Token.of("old", "b", [], not_after=NOW)])

    assert await tokens.verify("good") is not None
    assert await tokens.verify("old") is None
