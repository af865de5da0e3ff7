"""Over standard output no token, no traceback and no path comes out either."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from tests.leaks.attacks import FORGED, INITIALIZE, MALFORMED, legacy, modern, questions
from tests.leaks.sweep import INNERMOST, TOOLS
from tests.support.leaks import Secrets, inside_view
from tests.support.process import Running, running
from tests.support.serving import over_stdio

Write = Callable[[str, Mapping[str, Any] | None], dict[str, Any]]


class Host:
    """Asks one question after the other and keeps every line it gets."""

    def __init__(self, server: Running, write: Write) -> None:
        self._server = server
        self._write = write
        self._asked = 0
        self.lines: list[str] = []

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self._asked += 1
        request = {**self._write(method, params), "id": self._asked}
        self._server.send(json.dumps(request))
        while True:
            line = self._server.line()
            self.lines.append(line)
            said = json.loads(line)
            if "method" in said:
                self._decline(said)
            elif said.get("id") == self._asked:
                return said

    def _decline(self, said: Mapping[str, Any]) -> None:
        """Refuse what the server wants to know."""
        if "id" in said:
            refused = {"code": -32603, "message": "no"}
            self._server.send(json.dumps({"jsonrpc": "2.0", "id": said["id"], "error": refused}))

    def names(self, kind: str, key: str) -> Sequence[str]:
        """What the server lists."""
        return [each[key] for each in self.ask(f"{kind}/list", {})["result"][kind]]


@pytest.mark.parametrize(("write", "opening"), [(modern, ()), (legacy, (INITIALIZE,))])
def test_over_stdio_nothing_inside_is_shown_and_no_token(
    write: Write, opening: Sequence[Mapping[str, Any]]
) -> None:
    token = secrets.token_urlsafe(32)
    command = over_stdio(f"{TOOLS}:tools")
    with running(command, environment={"TOOLYARD_TOKEN": token}) as server:
        host = Host(server, write)
        for request in opening:
            host.ask(request["method"], request["params"])
        listed = {
            "tools": host.names("tools", "name"),
            "prompts": host.names("prompts", "name"),
            "resources": host.names("resources", "uri"),
        }
        for body in MALFORMED:
            server.send(body.decode("latin-1"))
        for method, params in questions(listed):
            if method not in ("initialize", "notifications/cancelled"):
                host.ask(method, params)
    assert len(host.lines) > 200
    assert INNERMOST.search(server.output), "the log was silent"
    assert not [each for each in host.lines if INNERMOST.search(each) or inside_view(each)]
    assert not Secrets([token]).find(server.output)
    assert not [each for each in server.output.splitlines() if each.startswith(FORGED)]
