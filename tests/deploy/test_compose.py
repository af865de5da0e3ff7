"""`deploy/compose.yaml`: that Compose understands it, and what it lets each service do."""

import re
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from tests.deploy.composition import (
    DEPLOY,
    GATEWAY,
    Service,
    compose_text,
    composition,
    dockerfile_words,
    services,
)
from tests.deploy.yard import SETTINGS, STATE, TOKENS
from tests.support.install import find_compose_spec
from tests.support.missing import missing
from tests.support.process import Finished, run

from toolyard.config.loading import load

READ = """
import sys, compose_spec
compose_spec.PyOptions(apply_merge=True).from_yaml(open(sys.argv[1]).read())
"""
EVERY = list(services().values())
OTHERS = [service for service in EVERY if service.name != GATEWAY]
KINDS = frozenset({"calculator", "memory", "bash", "filesystem", "http", "image"})
ASK_THE_NET = frozenset({"http", "image"})
STATEFUL = frozenset({"memory", "bash", "filesystem"})
SECRET = re.compile(r"ty_[A-Za-z0-9_-]{8,}|[0-9a-f]{64}")
each = pytest.mark.parametrize("service", EVERY, ids=lambda service: service.name)
each_other = pytest.mark.parametrize("service", OTHERS, ids=lambda service: service.name)


def read(text: str, place: Path) -> Finished:
    """What a reader of the compose specification makes of `text`."""
    folder = find_compose_spec()
    if folder is None:
        missing("compose-spec", "Run `python tests/support/install.py`.")
    file = place / "compose.yaml"
    file.write_text(text)
    return run([sys.executable, "-c", READ, str(file)], environment={"PYTHONPATH": str(folder)})


def test_a_reader_of_the_specification_understands_it(tmp_path: Path) -> None:
    understood = read(compose_text(), tmp_path)
    refused = read(compose_text().replace("read_only:", "readonly:"), tmp_path)

    assert understood.code == 0, understood
    assert refused.code != 0


def test_there_is_a_gateway_and_a_service_of_each_kind() -> None:
    assert {service.name for service in OTHERS} == KINDS
    assert {service.command[1] for service in OTHERS} == KINDS
    assert set(services()[GATEWAY].options["depends_on"]) == KINDS


@each
def test_a_service_can_do_no_more_than_it_needs(service: Service) -> None:
    options = service.options

    assert options["read_only"] is True
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "pid", "ipc", "devices"} & set(options)
    for limit in ("mem_limit", "cpus", "pids_limit"):
        assert options[limit]
    assert options["memswap_limit"] == options["mem_limit"]
    assert [mount.partition(":")[0] for mount in options["tmpfs"]] == ["/tmp"]


@each
def test_a_service_can_write_to_its_volume_only(service: Service) -> None:
    mounts: Sequence[str] = service.options.get("volumes", ())
    writable = [mount for mount in mounts if not mount.endswith(":ro")]
    names = {mount.partition(":")[0] for mount in writable}

    assert [mount.partition(":")[2] for mount in writable] == [STATE] * (service.name in STATEFUL)
    assert names <= set(composition()["volumes"])


def test_the_services_share_no_network_and_no_volume() -> None:
    for one, other in combinations(OTHERS, 2):
        assert not one.networks & other.networks
        assert not {*one.options.get("volumes", ())} & {*other.options.get("volumes", ())}


@each_other
def test_a_service_reaches_the_gateway_and_the_net_only_if_it_must(service: Service) -> None:
    (network,) = service.networks

    assert network in services()[GATEWAY].networks
    is_internal = "internal" in composition()["networks"][network]
    assert is_internal is (service.name not in ASK_THE_NET)


def test_only_the_gateway_is_published_and_only_to_this_machine() -> None:
    published = {service.name: service.options.get("ports") for service in EVERY}

    assert published.pop(GATEWAY) == ["127.0.0.1:8080:8080"]
    assert set(published.values()) == {None}


@each
def test_a_service_has_tokens_of_its_own(service: Service) -> None:
    (secret,) = service.options["secrets"]
    file = composition()["secrets"][secret["source"]]["file"]

    assert secret == {"source": service.name, "target": Path(TOKENS).name}
    assert file == f"secrets/{service.name}.jsonl"
    assert (
        service.name == GATEWAY or service.options["environment"]["TOOLYARD_TOKEN_FILE"] == TOKENS
    )


@each
def test_a_service_is_waited_for_and_given_time_to_stop(service: Service) -> None:
    check = service.options["healthcheck"]
    asked = [
        word.strip('"')
        for word in dockerfile_words("HEALTHCHECK")[0].split("[")[1][:-1].split(", ")
    ]
    drain_s = float(service.options["environment"].get("TOOLYARD_DRAIN_S", 0))
    if service.name == GATEWAY:
        drain_s = load(DEPLOY / "gateway.toml").drain_s

    assert check["test"] == ["CMD", *asked]
    assert service.options["stop_grace_period"] == f"{drain_s + 20:g}s"
    conditions = services()[GATEWAY].options["depends_on"]
    assert service.name == GATEWAY or conditions[service.name]["condition"] == "service_healthy"


def test_the_gateway_knows_every_service_by_its_name_and_token() -> None:
    settings = load(DEPLOY / "gateway.toml")

    assert set(settings.tools) == KINDS
    assert settings.token_file == Path(TOKENS)
    for name, tool in settings.tools.items():
        assert tool.url == f"http://{name}:8080/mcp"
        assert tool.token_env == f"{name.upper()}_TOKEN"
        assert tool.prefix
    mounts = services()[GATEWAY].options["volumes"]
    assert mounts == [f"./gateway.toml:{SETTINGS}:ro"]


def test_no_file_holds_a_secret() -> None:
    for file in DEPLOY.iterdir():
        if file.is_file():
            assert not SECRET.search(file.read_text()), file.name
