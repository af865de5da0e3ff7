"""The page about deploying: what it names is there; `test_serving.py` types its commands."""

import re
from pathlib import Path

from tests.deploy.composition import DEPLOY, GATEWAY, PAGE, composition, services
from tests.support.process import ROOT

DOCKER = [line for line in PAGE.commands if line.startswith("docker ")]
SUDO = [line for line in PAGE.commands if line.startswith("sudo ")]


def test_the_commands_for_containers_name_what_is_there() -> None:
    names = {*services(), *composition()["volumes"]}

    for command in DOCKER:
        for file in re.findall(r"--file (\S+)", command):
            assert (ROOT / file).is_file()
        for name in re.findall(r"(?:--wait|stop|start|cp) ([a-z]+)\b", command):
            assert name in names
    run = next(command for command in DOCKER if command.startswith("docker run"))
    assert "toolyard:local serve calculator" in run
    assert services()[GATEWAY].options["image"] == "toolyard:local"


def test_the_commands_for_systemd_install_what_the_unit_starts() -> None:
    unit = (DEPLOY / "toolyard@.service").read_text()
    (environment,) = (line.split()[-1] for line in SUDO if " -m venv " in line)
    installed = {path for line in SUDO for path in re.findall(r"/etc/toolyard/sums(\.\w+)", line)}

    assert f"ExecStart={environment}/bin/toolyard " in unit
    assert installed == set(re.findall(r"^LoadCredential=.*/etc/toolyard/%i(\.\w+)$", unit, re.M))
    for file in re.findall(r"deploy/\S+", " ".join(SUDO)):
        assert (ROOT / file).is_file()


def test_everything_it_points_to_is_there() -> None:
    assert {Path(link).name for link in PAGE.links} >= {
        file.name
        for file in DEPLOY.iterdir()
        if file.suffix in (".yaml", ".toml", ".service") or file.name == "Dockerfile"
    }
    for link in PAGE.links:
        assert (DEPLOY / link).exists(), link
