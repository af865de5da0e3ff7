"""The services of `deploy/compose.yaml` as processes of this machine, on free ports."""

import http.client
import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.builtin_tools.bash.shells import place
from tests.deploy.composition import GATEWAY, Service, copied, image_environment, services
from tests.support.process import Running, free_port, run, running
from tests.support.serving import COMMAND

TOKENS = "/run/secrets/tokens"
SETTINGS = "/etc/toolyard/gateway.toml"
STATE = "/data"
PATH = {"PATH": f"{Path(COMMAND).parent}{os.pathsep}{os.environ['PATH']}"}
"""Where the `toolyard` that is tested is found first."""


@dataclass(frozen=True, slots=True)
class Yard:
    """All services, running."""

    directory: Path
    """A copy of `deploy`, with tokens in `secrets`."""
    ports: Mapping[str, int]
    token: str
    """What a client of the gateway was given."""

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"http://127.0.0.1:{self.ports[GATEWAY]}/mcp"


@contextmanager
def yard(scratch: Path) -> Generator[Yard]:
    """Make tokens and start every service with its own command line, the gateway last."""
    directory = copied(scratch)
    make_tokens(directory)
    token = client_token(directory)
    ports = {name: free_port() for name in services()}
    made = Yard(directory, ports, token)
    with ExitStack() as stack:
        others = {name: each for name, each in services().items() if name != GATEWAY}
        started = {name: _start(each, made, stack) for name, each in others.items()}
        for name, process in started.items():
            process.answers(f"http://127.0.0.1:{ports[name]}/readyz", timeout_s=60)
        gateway = _start(services()[GATEWAY], made, stack)
        gateway.answers(f"http://127.0.0.1:{ports[GATEWAY]}/readyz", timeout_s=60)
        yield made


def make_tokens(directory: Path, *names: str) -> None:
    """Run the script that makes the services' tokens."""
    done = run([str(directory / "new-tokens"), *names], environment=PATH)
    assert done.code == 0, done


def client_token(directory: Path) -> str:
    """A token for a client of the gateway, made as README.md says."""
    tokens = str(directory / "secrets" / "gateway.jsonl")
    done = run([COMMAND, "token", "new", "--name", "ann", "--append", tokens])
    assert done.code == 0, done
    return done.output.strip()


def variables(directory: Path) -> dict[str, str]:
    """What the gateway finds in its environment."""
    lines = (directory / "secrets" / "gateway.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def is_let_in(port: int, token: str) -> bool:
    """Whether a request gets as far as being told that it is no JSON-RPC."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return asked(port, "POST", "/mcp", headers) != http.HTTPStatus.UNAUTHORIZED


def asked(port: int, method: str, path: str, headers: Mapping[str, str]) -> int:
    """The status of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        body = "{}" if method == "POST" else None
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def _start(service: Service, made: Yard, stack: ExitStack) -> Running:
    """Start a service; what would be mounted into its container is put where it is here."""
    tokens = str(made.directory / "secrets" / f"{service.name}.jsonl")
    state = str(stack.enter_context(place()))
    settings = Path(state, "settings.toml")
    mounts = {TOKENS: tokens, SETTINGS: str(settings), STATE: state}
    if service.name == GATEWAY:
        addresses = {
            f"http://{name}:8080/": f"http://127.0.0.1:{port}/" for name, port in made.ports.items()
        }
        text = (made.directory / "gateway.toml").read_text()
        settings.write_text(_replaced(text, mounts | addresses))
    given = {**image_environment(), **service.options["environment"]}
    if service.name == GATEWAY:
        given |= variables(made.directory)
    environment = {name: _replaced(value, mounts) for name, value in given.items()}
    command = [COMMAND, *(_replaced(word, mounts) for word in service.command)]
    port = ["--port", str(made.ports[service.name])]
    return stack.enter_context(running([*command, *port], environment=environment))


def _replaced(text: str, places: Mapping[str, str]) -> str:
    for written, here in places.items():
        text = text.replace(written, here)
    return text
