"""The wheel: what is in it, and that it works where nothing else is installed."""

import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.support.missing import missing
from tests.support.process import ROOT, Finished, run

pytestmark = pytest.mark.timeout(180)  # a package index that is slow is no failure

ALONE = {"PYTHONPATH": ""}


def pip(*words: str | Path) -> Finished:
    return run([sys.executable, "-m", "pip", *map(str, words)], timeout_s=150)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    probe = pip("download", "--no-deps", "--retries", "0", "--dest", place / "probe", "hatchling")
    if probe.code:
        missing("a package index that pip can reach", probe.errors.strip())
    built = pip("wheel", "--no-deps", "--wheel-dir", place, ROOT)
    assert built.code == 0, built
    return next(place.glob("*.whl"))


def test_the_wheel_holds_the_package_and_says_that_it_is_typed(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()

    assert "toolyard/py.typed" in names
    assert {name.partition("/")[0].split("-")[0] for name in names} == {"toolyard"}
    assert not [name for name in names if "test" in name or "benchmark" in name]


def test_the_wheel_alone_serves_the_calculator(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=False, symlinks=True)
    installed = pip(
        "--python", tmp_path / "bin" / "python", "install", "--quiet", "--no-compile", wheel
    )
    assert installed.code == 0, installed

    program = str(tmp_path / "bin" / "toolyard")
    version = run([program, "--version"], directory=tmp_path, environment=ALONE)
    target = f"stdio:{program} serve calculator --stdio"
    call = [program, "call", target, "calculator", "expression=2*21"]
    called = run(call, directory=tmp_path, environment=ALONE)

    assert version.output.strip() == f"toolyard {wheel.name.split('-')[1]}", version
    assert (called.code, called.output.strip()) == (0, "42"), called
