import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from toolyard.core.errors import ConfigError
from toolyard.security.jwt import REMEMBERED, JwtVerifier
from toolyard.security.tokens import MAX_TOKEN_CHARS

ISSUER = "https://issuer.example/"
AUDIENCE = "https://tools.example.com/mcp"
SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
EC_384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def pem(key: PrivateKey) -> str:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public.decode()


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says; a claim changed to `None` is left out."""
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": int(time.time()) + 600,
        "sub": "alice",
        "scope": "tool:add tool:files_*",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(
    key: PrivateKey | str = RSA,
    algorithm: str = "RS256",
    headers: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def verifier(key: str = pem(RSA), **changes: Any) -> JwtVerifier:
    settings: dict[str, Any] = {"key": key, "issuer": ISSUER, "audience": AUDIENCE, **changes}
    return JwtVerifier(**settings)


async def test_a_token_of_the_issuer_is_accepted() -> None:
    caller = await verifier().verify(signed())

    assert caller is not None
    assert caller.name == f"alice ? {ISSUER}"
    assert caller.scopes == {"tool:add", "tool:files_*"}
    assert caller.may("tool:files_read")
    assert not caller.may("tool:bash")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA, "RS256"),
        (RSA, "RS512"),
        (RSA, "PS256"),
        (EC, "ES256"),
        (EC_384, "ES384"),
        (ED, "EdDSA"),
    ],
)
async def test_every_kind_of_public_key_works(key: PrivateKey, algorithm: str) -> None:
    assert await verifier(pem(key)).verify(signed(key, algorithm)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": 0},
        {"exp": int(time.time()) - 31},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 3_600},
        {"nbf": "later"},
        {"iat": int(time.time()) + 3_600},
        {"iss": None},
        {"iss": "https://issuer.example"},
        {"iss": "https://evil.example/"},
        {"aud": None},
        {"aud": "https://other.example.com/mcp"},
        {"aud": AUDIENCE + "/"},
        {"aud": AUDIENCE.upper()},
        {"aud": ["https://other.example.com/mcp"]},
        {"aud": []},
        {"aud": ""},
        {"aud": [AUDIENCE, 1]},
        {"sub": None},
        {"sub": ""},
    ],
)
async def test_a_claim_that_is_missing_or_wrong_is_refused(changes: dict[str, Any]) -> None:
    assert await verifier().verify(signed(**changes)) is None


@pytest.mark.parametrize("changes", [{"sub": 1}, {"exp": 10**400}, {"iss": [ISSUER]}])
async def test_claims_of_odd_types_are_refused(changes: dict[str, Any]) -> None:
    header, payload = part({"alg": "HS256"}), part(claims(**changes))
    digest = hmac.new(SECRET.encode(), f"{header}.{payload}".encode(), hashlib.sha256).digest()

    found = verifier(SECRET, algorithms=["HS256"])
    assert await found.verify(f"{header}.{payload}.{part(digest)}") is None


async def test_an_endless_expiry_is_refused() -> None:
    header, payload = part({"alg": "HS256"}), part(b'{"exp":1e999,"iss":"i","aud":"a","sub":"s"}')
    digest = hmac.new(SECRET.encode(), f"{header}.{payload}".encode(), hashlib.sha256).digest()

    found = verifier(SECRET, algorithms=["HS256"], issuer="i", audience="a")
    assert await found.verify(f"{header}.{payload}.{part(digest)}") is None


async def test_the_audience_may_be_one_of_several_and_clocks_may_differ() -> None:
    now = int(time.time())
    token = signed(aud=["https://other.example.com", AUDIENCE], exp=now - 10, nbf=now + 10)

    assert await verifier().verify(token) is not None
    assert await verifier(leeway_s=0).verify(token) is None


@pytest.mark.parametrize(
    "token",
    [
        signed(OTHER_RSA),
        signed(EC, "ES256"),
        signed(SECRET, "HS256"),
        jwt.encode(claims(), "", algorithm="none"),
        part({"alg": "none"}) + "." + part(claims()) + ".",
        part({"alg": "None"}) + "." + part(claims()) + ".",
        part({"alg": "RS256"}) + "." + part(claims()) + ".",
        part({"typ": "JWT"}) + "." + part(claims()) + ".AAAA",
        part({"alg": ["RS256"]}) + "." + part(claims()) + ".AAAA",
        part({"alg": {}}) + "." + part(claims()) + ".AAAA",
        signed(headers={"crit": ["x"], "x": 1}),
        signed(headers={"crit": ["b64"], "b64": False}),
        signed()[:-4] + "AAAA",
        signed().replace(".", "..", 1),
        signed().rpartition(".")[0],
        signed() + ".AAAA",
        ".".join([signed().split(".")[0], part(claims(sub="root")), signed().split(".")[2]]),
        part(b"[" * 4000) + "." + part(claims()) + ".AAAA",
        part(b"[]") + "." + part(claims()) + ".AAAA",
        part(b'{"alg":' + b"1" * 5000 + b"}") + "." + part(claims()) + ".AAAA",
        part(b"\xff") + ".AAAA.AAAA",
        *("", ".", "..", "...", "a.b.c", "\u0661.\u0661.\u0661", "=.=.=", "s3cret"),
        signed(sub="a" * MAX_TOKEN_CHARS),
    ],
)
async def test_what_the_issuer_did_not_sign_is_refused(token: str) -> None:
    assert await verifier().verify(token) is None


async def test_a_public_key_is_no_shared_secret() -> None:
    header, payload = part({"alg": "HS256", "typ": "JWT"}), part(claims())
    digest = hmac.new(pem(RSA).encode(), f"{header}.{payload}".encode(), hashlib.sha256).digest()

    assert await verifier().verify(f"{header}.{payload}.{part(digest)}") is None


async def test_a_shared_secret_works_when_it_is_asked_for() -> None:
    found = verifier(SECRET, algorithms=["HS256", "HS512"])

    assert await found.verify(signed(SECRET, "HS256")) is not None
    assert await found.verify(signed(SECRET, "HS512")) is not None
    assert await found.verify(signed(SECRET[::-1], "HS256")) is None
    assert await found.verify(signed(RSA)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"key": None},
        {"jwks": "https://issuer.example/jwks"},
        {"issuer": ""},
        {"audience": ""},
        {"algorithms": []},
        {"algorithms": ["none"]},
        {"algorithms": ["RS256", "none"]},
        {"algorithms": ["RS256", "HS256"]},
        {"algorithms": ["rs256"]},
        {"algorithms": ["HS256"]},
        {"algorithms": ["ES256"]},
        {"key": SECRET},
        {"key": "", "algorithms": ["HS256"]},
        {"key": SECRET[:31], "algorithms": ["HS256"]},
        {"key": SECRET[:63], "algorithms": ["HS512"]},
        {"key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
        {"key": pem(rsa.generate_private_key(65537, 1024))},
        {"key": None, "jwks": "https://issuer.example/jwks", "algorithms": ["HS256"]},
        {"key": None, "jwks": "http://issuer.example/jwks"},
        {"key": None, "jwks": "missing.json"},
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any]) -> None:
    settings: dict[str, Any] = {"key": pem(RSA), "issuer": ISSUER, "audience": AUDIENCE, **changes}

    with pytest.raises(ConfigError) as caught:
        JwtVerifier(**settings)

    assert SECRET[:31] not in str(caught.value)


def test_a_private_key_is_not_wanted() -> None:
    private = RSA.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()

    with pytest.raises(ConfigError, match="private key"):
        verifier(private)


@pytest.mark.parametrize(
    ("changes", "scopes"),
    [
        ({"scope": "a b"}, {"a", "b"}),
        ({"scope": ""}, set[str]()),
        ({"scope": " a  b "}, {"a", "b"}),
        ({"scope": None}, set[str]()),
        ({"scope": None, "scp": "a b"}, {"a", "b"}),
        ({"scope": None, "scp": ["a", "b"]}, {"a", "b"}),
        ({"scope": None, "scopes": ["a"]}, {"a"}),
        ({"scope": "a", "scopes": ["b"]}, {"a"}),
        ({"scope": ["a", 1, None, "b c", 'd"']}, {"a"}),
        ({"scope": 1}, set[str]()),
        ({"scope": {"a": 1}}, set[str]()),
        ({"scope": "", "scopes": ["b"]}, set[str]()),
    ],
)
async def test_scopes_come_from_the_token_and_nowhere_else(
    changes: dict[str, Any], scopes: set[str]
) -> None:
    caller = await verifier().verify(signed(**changes))

    assert caller is not None
    assert caller.scopes == scopes


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"client_id": "app"}, "alice app"),
        ({"azp": "app"}, "alice app"),
        ({"client_id": "app", "azp": "other"}, "alice app"),
        ({"sub": None, "client_id": "app"}, "? app"),
        ({"sub": "auth0|1", "client_id": "https://app.example/x"}, "auth0|1 https://app.example/x"),
        ({"sub": "alice app"}, "alice%20app ?"),
        ({"sub": "?"}, "%3F ?"),
        ({"sub": "a\r\nb\x1b[0m"}, "a%0D%0Ab%1B%5B0m ?"),
        ({"sub": "é%20"}, "%C3%A9%2520 ?"),
        ({"client_id": 1}, "alice ?"),
    ],
)
async def test_a_caller_is_named_by_subject_client_and_issuer(
    changes: dict[str, Any], name: str
) -> None:
    caller = await verifier().verify(signed(**changes))

    assert caller is not None
    assert caller.name == f"{name} {ISSUER}"


@pytest.fixture
def jwks(tmp_path: Path) -> str:
    keys: list[dict[str, Any]] = [
        {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa"},
        {**RSAAlgorithm.to_jwk(OTHER_RSA.public_key(), as_dict=True), "kid": "ps", "alg": "PS256"},
        {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec"},
        {**OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True), "kid": "ed"},
        {"kty": "oct", "kid": "oct", "k": part(SECRET.encode())},
    ]
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": keys}))
    return str(file)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [
        (RSA, "RS256", "rsa"),
        (RSA, "RS384", "rsa"),
        (RSA, "PS512", "rsa"),
        (OTHER_RSA, "PS256", "ps"),
        (EC, "ES256", "ec"),
        (ED, "EdDSA", "ed"),
    ],
)
async def test_a_key_of_the_set_is_chosen_by_its_name(
    jwks: str, key: PrivateKey, algorithm: str, kid: str
) -> None:
    token = signed(key, algorithm, {"kid": kid})

    found = JwtVerifier(jwks=jwks, issuer=ISSUER, audience=AUDIENCE)

    assert await found.verify(token) is not None


@pytest.mark.parametrize(
    ("key", "algorithm", "headers"),
    [
        (RSA, "RS256", {"kid": "ps"}),
        (RSA, "RS256", {"kid": "ec"}),
        (RSA, "RS256", {"kid": "unknown"}),
        (RSA, "RS256", None),
        (OTHER_RSA, "RS256", {"kid": "ps"}),
        (OTHER_RSA, "PS512", {"kid": "ps"}),
        (EC, "ES256", {"kid": "rsa"}),
        (ED, "EdDSA", {"kid": "ec"}),
        (SECRET, "HS256", {"kid": "oct"}),
        (SECRET, "HS256", {"kid": "rsa"}),
        (OTHER_RSA, "RS256", {"kid": "rsa", "jku": "https://evil.example/jwks"}),
        (
            OTHER_RSA,
            "RS256",
            {"kid": "rsa", "jwk": RSAAlgorithm.to_jwk(OTHER_RSA.public_key(), as_dict=True)},
        ),
    ],
)
async def test_another_key_of_the_set_or_none_is_refused(
    jwks: str, key: PrivateKey | str, algorithm: str, headers: dict[str, Any] | None
) -> None:
    found = JwtVerifier(jwks=jwks, issuer=ISSUER, audience=AUDIENCE)

    assert await found.verify(signed(key, algorithm, headers)) is None


@pytest.mark.parametrize("kid", [1, None, ["rsa"], {}])
async def test_a_key_name_that_is_no_text_is_refused(jwks: str, kid: object) -> None:
    token = f"{part({'alg': 'RS256', 'kid': kid})}.{part(claims())}.AAAA"

    assert await JwtVerifier(jwks=jwks, issuer=ISSUER, audience=AUDIENCE).verify(token) is None


async def test_a_remembered_token_ends_when_it_expires() -> None:
    found = verifier(leeway_s=0)
    token = signed(exp=int(time.time()) + 2)
    assert await found.verify(token) is not None

    with anyio.fail_after(5):
        while await found.verify(token) is not None:
            await anyio.lowlevel.checkpoint()


async def test_only_the_latest_tokens_are_remembered() -> None:
    found = verifier(SECRET, algorithms=["HS256"])

    for number in range(REMEMBERED + 10):
        assert await found.verify(signed(SECRET, "HS256", sub=str(number))) is not None

    assert len(found._verdicts) == REMEMBERED


def test_a_verifier_shows_no_secret() -> None:
    assert SECRET not in repr(verifier(SECRET, algorithms=["HS256"]))
