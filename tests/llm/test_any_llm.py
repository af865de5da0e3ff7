"""any-llm, which has an environment of its own: it cannot live beside Anthropic's library."""

import re

import pytest
from tests.support.install import find_any_llm
from tests.support.missing import missing
from tests.support.process import run

CHECKS = ("tests/llm/test_providers.py", "tests/llm/any_llm_checks.py")


@pytest.mark.timeout(120)
def test_what_is_true_of_every_provider_is_true_of_any_llm() -> None:
    python = find_any_llm()
    if python is None:
        missing("the environment of any-llm", "Install with: python tests/support/install.py")
    options = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    done = run([str(python), *options, *CHECKS], timeout_s=100)
    assert done.code == 0, done
    passed = re.search(r"(\d+) passed", done.output)
    assert passed is not None
    assert int(passed[1]) > 22, done
    assert "skipped" not in done.output
