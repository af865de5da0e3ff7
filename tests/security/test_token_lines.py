import json

import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.token_lines import read_tokens, write_token
from toolyard.security.tokens import Token, digest_of, new_token

DIGEST = digest_of("s3cret")


def line(**changes: object) -> str:
    return json.dumps({"name": "a", "sha256": DIGEST, "scopes": ["x"]} | changes)


def test_a_token_survives_its_line() -> None:
    secret, token = new_token("alice", ["tool:add", "metrics"], not_before=10, not_after=20)

    written = write_token(token)
    tokens = read_tokens(f"# ours\n\n  \n{written}\n")

    assert "\n" not in written
    assert secret not in written
    assert tokens.match(secret, 15) is not None
    assert tokens.match(secret, 20) is None
    assert tokens.match(secret, 5) is None


def test_a_revoked_token_stays_revoked_in_its_line() -> None:
    written = write_token(Token("a", DIGEST, frozenset(), revoked=True))

    assert read_tokens(written).match("s3cret", 0) is None


def test_an_empty_file_holds_no_token() -> None:
    assert read_tokens("").match("s3cret", 0) is None


@pytest.mark.parametrize(
    "broken",
    [
        *("s3cret", "{", "[]", "1", "null", '"s3cret"', "{}", "[" * 100_000, '{"name": s3cret}'),
        *(line(name=1), line(name=None), line(name=""), line(name="a b"), line(sha256="s3cret")),
        *(line(sha256=DIGEST.upper()), line(scopes="x"), line(scopes=[1]), line(scopes=["a b"])),
        *(line(not_before="1"), line(not_after=1.5), line(not_after=True), line(revoked=1)),
        *(line(revoked=None), line(secret="s3cret"), line(scopes={"x": 1}), line() + line()),
        json.dumps({"name": "a", "sha256": DIGEST}),
    ],
)
def test_a_broken_line_is_named_and_not_shown(broken: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_tokens(f"# one\n{line(name='b', sha256=digest_of('other'))}\n{broken}")

    assert "Line 3" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert DIGEST not in str(caught.value)
    assert caught.value.__cause__ is None


def test_two_lines_with_one_secret_are_both_named() -> None:
    with pytest.raises(ConfigError, match="Line 3 has the same secret as line 1"):
        read_tokens(f"{line()}\n\n{line(name='b', revoked=True)}")
