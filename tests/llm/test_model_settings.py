"""Settings of one request over those of a conversation."""

from toolyard.llm.model_settings import CREATIVE, DETERMINISTIC, PROFILES, ModelSettings


def test_what_is_said_wins_and_the_rest_stays() -> None:
    usual = ModelSettings(temperature=0.7, max_tokens=100, stop=("END",), timeout_s=20)
    once = ModelSettings(temperature=0.0, seed=3)
    assert once.over(usual) == ModelSettings(
        temperature=0.0, seed=3, max_tokens=100, stop=("END",), timeout_s=20
    )
    assert ModelSettings().over(usual) == usual


def test_members_of_the_providers_own_are_put_together() -> None:
    usual = ModelSettings(extra={"user": "mai", "store": False})
    once = ModelSettings(extra={"store": True})
    assert once.over(usual).extra == {"user": "mai", "store": True}


def test_profiles() -> None:
    assert set(PROFILES) == {"creative", "balanced", "deterministic"}
    assert (DETERMINISTIC.temperature, DETERMINISTIC.seed) == (0.0, 0)
    assert (CREATIVE.temperature or 0) > (PROFILES["balanced"].temperature or 0)
