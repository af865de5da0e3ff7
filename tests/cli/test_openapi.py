"""`toolyard serve openapi`, as a user would start it."""

import json
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.cli.command import Toolyard
from tests.clients.openapi.documents import PETS
from tests.support.process import free_port, running
from tests.support.serving import COMMAND


class Pets(BaseHTTPRequestHandler):
    """Gives its document, and says who asked for what."""

    def do_GET(self) -> None:
        document = {**PETS, "servers": [{"url": "/v1"}]}
        said = {"path": self.path, "key": self.headers.get("X-Api-Key")}
        body = json.dumps(document if self.path == "/openapi.json" else said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pets) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_service_is_served_by_the_url_of_its_document(toolyard: Toolyard, service: str) -> None:
    port = free_port()
    options = [f"document={service}/openapi.json", "allow_private=127.0.0.1", "exclude=tag:orders"]
    words = [word for each in options for word in ("--set", f"openapi.{each}")]
    with running([COMMAND, "serve", "openapi", "--port", str(port), *words]) as server:
        server.answers(f"http://127.0.0.1:{port}/healthz")
        url = f"http://127.0.0.1:{port}/mcp"
        listed = toolyard("tools", url)
        called = toolyard("call", url, "getPet", "petId=a/b")
        examined = toolyard("doctor", url)

    assert "listPets" in listed.output
    assert "order" not in listed.output.split()
    assert called.code == 0, called
    assert "/v1/pets/a%2Fb" in called.output
    assert examined.code == 0, examined


def test_a_service_in_a_file_is_called_by_its_name(
    toolyard: Toolyard, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PETS_KEY", "s3cret-key")
    config = tmp_path / "tools.toml"
    config.write_text(
        f"""
        [tools.pets]
        kind = "openapi"
        [tools.pets.options]
        document = "{service}/openapi.json"
        allow_private = ["127.0.0.0/8"]
        credentials = {{ key = {{ value_env = "PETS_KEY" }} }}
        """
    )
    called = toolyard("call", "pets", "deletePet", "petId=7", "--config", str(config), "--json")

    assert called.code == 0, called
    assert "/v1/pets/7" in called.output
    assert "[hidden]" in called.output
    assert "s3cret-key" not in called.output + called.errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "needs the option 'document'"),
        (["document=nobody.json"], "'nobody.json' cannot be read; is it there?"),
        (["document=x", "read=true"], "does not take the options read"),
    ],
)
def test_an_option_that_cannot_be_ends_with_2_and_a_sentence(
    toolyard: Toolyard, options: list[str], said: str
) -> None:
    words = [word for each in options for word in ("--set", f"openapi.{each}")]
    done = toolyard("serve", "openapi", *words)
    assert done.code == 2, done
    assert said in done.errors
