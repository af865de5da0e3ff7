"""The image: what a linter says of its Dockerfile, and what it promises."""

import json
import re
import tomllib

from tests.deploy.composition import DEPLOY, dockerfile_words
from tests.support.install import find_hadolint
from tests.support.missing import missing
from tests.support.process import ROOT, run

SUBJECT = (DEPLOY / "Dockerfile").read_text()


def test_the_linter_has_nothing_to_say() -> None:
    hadolint = find_hadolint()
    if hadolint is None:
        missing("hadolint", "Run `python tests/support/install.py`.")
    done = run([hadolint, "--failure-threshold", "style", str(DEPLOY / "Dockerfile")])
    assert (done.code, done.output) == (0, ""), done


def test_both_stages_are_of_one_image_with_a_pinned_tag() -> None:
    (image,) = re.findall(r"^ARG PYTHON_IMAGE=(.+)$", SUBJECT, re.MULTILINE)
    stages = re.findall(r"^FROM (\S+)", SUBJECT, re.MULTILINE)

    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", image)
    assert stages == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]


def test_the_account_is_a_number_that_owns_only_the_state() -> None:
    (user,) = dockerfile_words("USER")
    account, _, group = user.partition(":")
    made = dockerfile_words("RUN")[0]

    assert int(account) == int(group) > 0
    assert f"install --directory --owner {account} --group {group} --mode 0700 /data" in made
    assert "chown" not in SUBJECT
    assert dockerfile_words("WORKDIR") == ["/data"]


def test_it_starts_toolyard_and_asks_it_how_it_is() -> None:
    (entrypoint,), (command,) = dockerfile_words("ENTRYPOINT"), dockerfile_words("CMD")
    (check,) = dockerfile_words("HEALTHCHECK")
    asked = json.loads(check.partition("CMD ")[2])

    assert json.loads(entrypoint) == ["toolyard"]
    assert json.loads(command) == ["serve", "calculator"]
    assert f"COPY deploy/healthcheck.py {asked[-1]}" in SUBJECT


def test_it_says_what_it_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (labels,) = dockerfile_words("LABEL")

    for name in ("title", "description", "licenses", "version"):
        assert f"org.opencontainers.image.{name}=" in labels
    assert f'title="{project["name"]}"' in labels
    assert f'licenses="{project["license"]}"' in labels
    name = re.search(r"mcp-name: (\S+)", (ROOT / "README.md").read_text())
    assert name is not None
    assert f'io.modelcontextprotocol.server.name="{name[1]}"' in labels


def test_nothing_reaches_a_build_but_what_it_copies() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sources = [line.split()[1:-1] for line in SUBJECT.splitlines() if line.startswith("COPY ")]
    copied = {name for names in sources for name in names if not name.startswith(("--", "/"))}

    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
