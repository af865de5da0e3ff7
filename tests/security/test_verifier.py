import anyio
import pytest

from toolyard.core.context import Caller
from toolyard.security.refusal import Refusal
from toolyard.security.verifier import BoundedVerifier, unavailable


class Verifier:
    """Answers, hangs or breaks, as its token says."""

    async def verify(self, token: str) -> Caller | None:
        if token == "hang":
            await anyio.sleep_forever()
        if token == "break":
            raise LookupError(f"no such token: {token}")
        if token == "unavailable":
            raise unavailable()
        return Caller("alice") if token == "good" else None


async def test_a_bounded_verifier_says_what_the_verifier_says() -> None:
    verifier = BoundedVerifier(Verifier())

    assert await verifier.verify("good") == Caller("alice")
    assert await verifier.verify("bad") is None


@pytest.mark.parametrize("token", ["hang", "break", "unavailable"])
async def test_a_verifier_that_cannot_tell_is_a_503(
    token: str, caplog: pytest.LogCaptureFixture
) -> None:
    verifier = BoundedVerifier(Verifier(), timeout_s=0.01)

    with anyio.fail_after(5), pytest.raises(Refusal) as caught:
        await verifier.verify(token)

    assert (caught.value.status, caught.value.reason) == (503, "token")
    assert dict(caught.value.headers) == {"Retry-After": "5"}
    assert caught.value.__cause__ is None
    assert "no such token" not in caplog.text
    assert ("LookupError" in caplog.text) is (token == "break")


async def test_cancelling_passes_through_a_bounded_verifier() -> None:
    with anyio.move_on_after(0.01) as scope:
        await BoundedVerifier(Verifier()).verify("hang")

    assert scope.cancelled_caught
