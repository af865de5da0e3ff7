import pytest

from toolyard.core.context import Caller
from toolyard.security.address import AddressPolicy
from toolyard.security.gate import Gate
from toolyard.security.hosts import HostPolicy
from toolyard.security.rate import RateLimit
from toolyard.security.refusal import Refusal
from toolyard.security.tokens import MAX_TOKEN_CHARS, Token, TokenSet, digest_of
from toolyard.security.verifier import TokenVerifier, unavailable

ADDRESS = "10.0.0.1"
TOKENS = TokenSet(
    [
        Token.of("s3cret", "alice", ["tool:add"]),
        Token.of("admin", "admin", ["*"]),
        Token.of("expired", "old", ["*"], not_after=1),
        Token.of("early", "soon", ["*"], not_before=1 << 40),
        Token("gone", digest_of("revoked"), frozenset({"*"}), revoked=True),
    ]
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def gate(
    *verifiers: TokenVerifier,
    rate: str | None = None,
    failures: str = "3/min",
    clock: Clock | None = None,
) -> Gate:
    return Gate(
        AddressPolicy(["10.0.0.0/8"], trusted_proxies=["127.0.0.1"]),
        HostPolicy(),
        verifiers=verifiers,
        rate=RateLimit.parse(rate) if rate else None,
        failures=RateLimit.parse(failures),
        clock=clock or Clock(),
    )


async def refused(of: Gate, *authorization: bytes, address: str = ADDRESS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await of.identify(authorization, address)
    return caught.value


def test_an_allowed_address_is_admitted_and_found_behind_a_proxy() -> None:
    forwarded = [(b"x-forwarded-for", b"10.0.0.9")]

    assert gate().admit_address("10.0.0.1", []) == "10.0.0.1"
    assert gate().admit_address("127.0.0.1", forwarded) == "10.0.0.9"


@pytest.mark.parametrize(
    ("peer", "forwarded"),
    [
        ("192.0.2.1", b"10.0.0.9"),
        ("127.0.0.1", b"192.0.2.1"),
        ("127.0.0.1", b"10.0.0.9, 192.0.2.1"),
        ("127.0.0.1", b"garbage"),
        ("nonsense", b"10.0.0.9"),
        (None, b"10.0.0.9"),
    ],
)
def test_any_other_address_is_refused(peer: str | None, forwarded: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        gate().admit_address(peer, [(b"x-forwarded-for", forwarded)])

    assert (caught.value.status, caught.value.reason) == (403, "address")
    assert "192.0.2.1" not in caught.value.message


@pytest.mark.parametrize(
    ("host", "origin", "refusal"),
    [
        ("localhost:8080", None, None),
        ("localhost:8080", "http://localhost:3000", None),
        ("evil.com", None, (421, "host")),
        ("", None, (421, "host")),
        ("evil.com", "http://evil.com", (421, "host")),
        ("localhost:8080", "http://evil.com", (403, "origin")),
        ("localhost:8080", "null", (403, "origin")),
        ("localhost:8080", "", (403, "origin")),
    ],
)
def test_host_and_origin_are_checked(
    host: str, origin: str | None, refusal: tuple[int, str] | None
) -> None:
    if refusal is None:
        gate().check_host(host, origin, "127.0.0.1")
        return
    with pytest.raises(Refusal) as caught:
        gate().check_host(host, origin, "127.0.0.1")
    assert (caught.value.status, caught.value.reason) == refusal
    assert "evil" not in caught.value.message


@pytest.mark.parametrize(
    "value", [b"Bearer s3cret", b"bearer s3cret", b"BEARER s3cret", b"Bearer   s3cret"]
)
async def test_a_valid_token_names_its_caller(value: bytes) -> None:
    caller = await gate(TOKENS).identify([value], ADDRESS)

    assert caller == Caller("alice", frozenset({"tool:add"}), ADDRESS)


async def test_without_tokens_everyone_is_anonymous() -> None:
    everyone = Caller("anonymous", frozenset({"*"}), ADDRESS)

    assert await gate().identify([], ADDRESS) == everyone
    assert await gate().identify([b"Bearer whatever"], ADDRESS) == everyone


@pytest.mark.parametrize(
    "value",
    [b"", b"Basic czNjcmV0", b"s3cret", b"Digest x", b"Bearers3cret", b"Token s3cret", b" "],
)
async def test_without_a_bearer_token_one_is_asked_for(value: bytes) -> None:
    for refusal in (await refused(gate(TOKENS)), await refused(gate(TOKENS), value)):
        assert (refusal.status, refusal.reason) == (401, "token")
        assert refusal.headers == (("WWW-Authenticate", 'Bearer realm="toolyard"'),)


async def test_every_token_that_is_not_accepted_gets_the_same_answer() -> None:
    values = [
        *(b"Bearer wrong", b"Bearer expired", b"Bearer early", b"Bearer revoked", b"Bearer"),
        *(b"Bearer ", b"Bearer a b", b"Bearer s3cret,", b"Bearer \xff", b"Bearer s3cret\x00"),
        *(b"Bearer s3cret s3cret", b'Bearer "s3cret"', b"Bearer s3cret\n", b"Bearer\x00 s3cret "),
        b"Bearer " + b"a" * (MAX_TOKEN_CHARS + 1),
    ]
    answers = [await refused(gate(TOKENS), value) for value in values if value[6:7] in (b"", b" ")]

    assert len({(a.status, a.reason, a.message, a.headers) for a in answers}) == 1
    assert answers[0].status == 401
    assert answers[0].headers == (
        ("WWW-Authenticate", 'Bearer realm="toolyard", error="invalid_token"'),
    )


@pytest.mark.parametrize("values", [[b"Bearer s3cret"] * 2, [b"Bearer s3cret", b"Basic x"]])
@pytest.mark.parametrize("verifiers", [[TOKENS], []])
async def test_two_authorizations_are_refused(
    values: list[bytes], verifiers: list[TokenVerifier]
) -> None:
    refusal = await refused(gate(*verifiers), *values)

    assert (refusal.status, refusal.reason) == (400, "token")


async def test_verifiers_are_asked_in_turn() -> None:
    more = TokenSet([Token.of("other", "bob", [])])
    both = gate(TOKENS, more)

    assert (await both.identify([b"Bearer s3cret"], ADDRESS)).name == "alice"
    assert (await both.identify([b"Bearer other"], ADDRESS)).name == "bob"
    assert (await refused(both, b"Bearer wrong")).status == 401


class Trusting:
    """A verifier that accepts whatever it is asked about."""

    async def verify(self, token: str) -> Caller | None:
        return Caller(f"asked about {token!r}")


@pytest.mark.parametrize(
    "value", [b"Bearer", b"Bearer ", b"Bearer a b", b"Bearer \xff", b"Bearer " + b"a" * 8193]
)
async def test_no_verifier_is_asked_about_a_malformed_token(value: bytes) -> None:
    assert (await refused(gate(Trusting()), value)).status == 401


class Unavailable:
    """A verifier that cannot tell."""

    async def verify(self, token: str) -> Caller | None:
        raise unavailable()


async def test_a_verifier_that_cannot_tell_matters_only_if_no_other_can() -> None:
    both = gate(Unavailable(), TOKENS)

    assert (await both.identify([b"Bearer s3cret"], ADDRESS)).name == "alice"
    for _ in range(10):
        assert (await refused(both, b"Bearer wrong")).status == 503


async def test_an_address_that_sends_wrong_tokens_must_wait() -> None:
    clock = Clock()
    guarded = gate(TOKENS, failures="3/min", clock=clock)

    assert [(await refused(guarded, b"Bearer wrong")).status for _ in range(5)] == [
        *(401, 401, 401, 429, 429),
    ]
    refusal = await refused(guarded, b"Bearer expired")
    assert (refusal.status, refusal.reason) == (429, "token")
    assert refusal.headers == (("Retry-After", "20"),)

    clock.now += 20
    assert (await refused(guarded, b"Bearer wrong")).status == 401


async def test_nobody_is_locked_out_by_the_wrong_tokens_of_others() -> None:
    guarded = gate(TOKENS, failures="1/h")
    for _ in range(3):
        await refused(guarded, b"Bearer wrong")

    assert (await guarded.identify([b"Bearer s3cret"], ADDRESS)).name == "alice"
    assert (await refused(guarded, b"Bearer wrong", address="10.0.0.2")).status == 401
    assert (await refused(guarded)).status == 401


async def test_requests_without_a_token_are_not_counted_as_wrong() -> None:
    guarded = gate(TOKENS, failures="1/h")
    for _ in range(5):
        await refused(guarded)

    assert (await refused(guarded, b"Bearer wrong")).status == 401


async def test_an_ipv6_subscriber_fails_as_one() -> None:
    guarded = gate(TOKENS, failures="1/h")
    await refused(guarded, b"Bearer wrong", address="2001:db8::1")

    assert (await refused(guarded, b"Bearer wrong", address="2001:db8::2")).status == 429
    assert (await refused(guarded, b"Bearer wrong", address="2001:db8:0:1::2")).status == 401


def test_a_caller_that_is_too_quick_must_wait() -> None:
    clock = Clock()
    limited = gate(rate="2/min", clock=clock)
    alice = Caller("alice", address=ADDRESS)
    limited.check_rate(alice)
    limited.check_rate(Caller("alice", address="10.0.0.2"))

    with pytest.raises(Refusal) as caught:
        limited.check_rate(alice)

    assert (caught.value.status, caught.value.reason) == (429, "rate")
    assert caught.value.headers == (("Retry-After", "30"),)
    limited.check_rate(Caller("bob", address=ADDRESS))
    clock.now += 30
    limited.check_rate(alice)


def test_anonymous_callers_are_counted_by_address() -> None:
    limited = gate(rate="1/min")
    limited.check_rate(Caller("anonymous", address="10.0.0.1"))
    limited.check_rate(Caller("anonymous", address="10.0.0.2"))
    limited.check_rate(Caller("10.0.0.1", address="10.0.0.1"))

    with pytest.raises(Refusal):
        limited.check_rate(Caller("anonymous", address="10.0.0.1"))


def test_without_a_rate_nobody_waits() -> None:
    for _ in range(1000):
        gate().check_rate(Caller("alice", address=ADDRESS))


def test_a_caller_without_the_scope_is_told_which() -> None:
    alice = Caller("alice", frozenset({"tool:add", "tool:files_*"}), ADDRESS)
    gate().check_scope(alice, "tool:add")
    gate().check_scope(alice, "tool:files_read")

    with pytest.raises(Refusal) as caught:
        gate().check_scope(alice, "tool:bash")

    assert (caught.value.status, caught.value.reason) == (403, "scope")
    assert 'error="insufficient_scope", scope="tool:bash"' in caught.value.headers[0][1]


def test_a_gate_shows_no_token() -> None:
    assert "s3cret" not in repr(gate(TOKENS))
