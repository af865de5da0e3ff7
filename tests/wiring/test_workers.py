"""Several workers on one port: real processes, real sockets."""

import json
import os
import re
import signal
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.egress.authority import LocalAuthority
from tests.servers.harness import (
    ACCEPT,
    INITIALIZE,
    META,
    TOKEN,
    headers_of,
    legacy,
    messages,
    request,
)
from tests.support.process import Running, free_port, run, running
from tests.support.serving import COMMAND

MINE_PY = '''
import os, time
from toolyard import CallContext, Toolbox
from toolyard.core.errors import InputRequired
from toolyard.core.inputs import elicit

mine = Toolbox()

@mine.tool
def whoami() -> int:
    """The process that answers."""
    return os.getpid()

@mine.tool
def dawdle(seconds: float) -> int:
    """The same, later."""
    os.write(1, b"begun\\n")  # in one piece, as the other worker writes there too
    time.sleep(seconds)
    return os.getpid()

@mine.tool
def long(letters: int) -> str:
    """So many letters."""
    return "x" * letters

@mine.tool
def confirm(context: CallContext) -> str:
    """Who asked and who goes on, once somebody has agreed."""
    if context.state is None:
        question = elicit("Go on?", {"type": "object", "properties": {}})
        raise InputRequired({"go": question}, f"asked by {os.getpid()}")
    return f"{context.state}, answered by {os.getpid()}"
'''
OTHER = f"other-{TOKEN}"
STATE_KEY = "kZ0vJx7Qm3Tn5Yc9Wd1Rb4Lf8Hs2Gp6Aa+Ee/IiUuOo="
AGREED: Any = {"go": {"action": "accept", "content": {}}}
SETTINGS = f"""
workers = 2
token = ["{TOKEN}", "{OTHER}"]
drain_s = 20
[tools.mine]
kind = "mine.py:mine"
cut_results = true
"""


class Served:
    """A server with two workers, and clients with connections of their own."""

    def __init__(
        self, url: str, process: Running, directory: Path, trust: ssl.SSLContext | bool
    ) -> None:
        self.url = url
        self.process = process
        self.settings = directory / "toolyard.toml"
        self._trust = trust
        self._clients: list[httpx2.Client] = []

    @property
    def pid(self) -> int:
        return self.process._process.pid

    def workers(self) -> list[int]:
        """Their process ids."""
        said = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(word) for word in said.split()]

    def client(self, token: str = TOKEN) -> httpx2.Client:
        """A client whose connection is its own."""
        headers = {"authorization": f"Bearer {token}"}
        http = httpx2.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=20, verify=self._trust
        )
        self._clients.append(http)
        return http

    def close(self) -> None:
        """Close what clients are still connected."""
        for http in self._clients:
            http.close()

    def both(self) -> Iterator[httpx2.Client]:
        """A client connected to each worker."""
        found: dict[int, httpx2.Client] = {}
        while len(found) < 2:
            http = self.client()
            found.setdefault(called(http, "whoami"), http)
        yield from found.values()


def asked(http: httpx2.Client, method: str, **params: Any) -> httpx2.Response:
    body = request(method, params)
    return http.post("/mcp", content=json.dumps(body), headers=headers_of(body))


def called(http: httpx2.Client, name: str, **arguments: Any) -> Any:
    answer = asked(http, "tools/call", name=name, arguments=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]["structuredContent"]["result"]


def tried(http: httpx2.Client, **more: Any) -> Any:
    """The answer to one try of `confirm`, by somebody who can be asked."""
    meta: Any = {**META, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
    return asked(http, "tools/call", name="confirm", arguments={}, _meta=meta, **more).json()


def tools_of(http: httpx2.Client) -> set[str]:
    return {tool["name"] for tool in asked(http, "tools/list").json()["result"]["tools"]}


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process is there, and not only waits for somebody to take note of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def served(
    directory: Path, settings: str = SETTINGS, trust: ssl.SSLContext | bool = True
) -> Generator[Served]:
    (directory / "mine.py").write_text(MINE_PY)
    (directory / "toolyard.toml").write_text(settings)
    port = free_port()
    command = [COMMAND, "serve", "--config", "toolyard.toml", "--port", str(port)]
    with running(command, directory=directory) as process:
        url = process.line(f":{port}/mcp", timeout_s=40).split()[-1].removesuffix("/mcp")
        server = Served(url, process, directory, trust)
        try:
            yield server
        finally:
            server.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """Shared by those that leave it as it was."""
    with served(tmp_path_factory.mktemp("workers")) as running_server:
        yield running_server


def test_connections_are_shared_evenly(server: Served) -> None:
    clients = [server.client() for _ in range(10)]
    pids = [called(http, "whoami") for http in clients]

    assert set(pids) == set(server.workers())
    assert sorted(map(pids.count, set(pids))) == [5, 5]
    for http in clients:
        http.close()


def test_a_session_works_on_every_connection(server: Served) -> None:
    first, second = server.both()
    opened = first.post("/mcp", content=legacy("initialize", INITIALIZE), headers=ACCEPT)
    session = {**ACCEPT, "mcp-session-id": opened.headers["mcp-session-id"]}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert second.post("/mcp", json=ready, headers=session).status_code == 202

    pids = set[int]()
    for http in (first, second):
        answer = http.post(
            "/mcp", content=legacy("tools/call", {"name": "whoami"}), headers=session
        )
        pids.add(messages(answer)[-1]["result"]["structuredContent"]["result"])
    assert len(pids) == 1

    stolen = server.client(OTHER).post("/mcp", content=legacy("tools/list"), headers=session)
    assert stolen.status_code == 404
    assert second.delete("/mcp", headers=session).status_code == 200
    for http in (first, second):
        gone = http.post("/mcp", content=legacy("tools/list"), headers=session)
        assert gone.status_code == 404


def test_a_result_that_one_worker_keeps_is_read_through_the_other(server: Served) -> None:
    first, second = server.both()
    answer = asked(first, "tools/call", name="long", arguments={"letters": 200_000}).json()
    handle = re.search('handle "(\\w+)"', answer["result"]["content"][0]["text"])
    assert handle is not None

    for http in (first, second):
        part = called(http, "result_read", handle=handle[1], slice="199990:")
        assert part == "x" * 10
    other = server.client(OTHER)
    stolen = asked(other, "tools/call", name="result_read", arguments={"handle": handle[1]})
    assert stolen.json()["result"]["isError"]


def test_a_question_of_one_worker_is_answered_to_the_other(server: Served) -> None:
    first, second = server.both()

    state = tried(first)["result"]["requestState"]
    answer = tried(second, requestState=state, inputResponses=AGREED)
    pids = called(first, "whoami"), called(second, "whoami")
    said = f"asked by {pids[0]}, answered by {pids[1]}"
    assert answer["result"]["structuredContent"] == {"result": said}
    stolen = tried(server.client(OTHER), requestState=state, inputResponses=AGREED)
    assert stolen["error"]["code"] == -32602


def test_a_question_is_answered_to_another_server_that_has_the_same_state_key(
    tmp_path: Path,
) -> None:
    settings = f'state_key = "{STATE_KEY}"\n{SETTINGS}'
    replica = tmp_path / "replica"
    replica.mkdir()
    alone = settings.replace("workers = 2", "workers = 1")
    with served(tmp_path, settings) as team, served(replica, alone) as other:
        clients = [*team.both(), other.client()]
        for asks, goes_on in permutations(clients, 2):
            state = tried(asks)["result"]["requestState"]
            answer = tried(goes_on, requestState=state, inputResponses=AGREED)
            pids = called(asks, "whoami"), called(goes_on, "whoami")
            said = f"asked by {pids[0]}, answered by {pids[1]}"
            assert answer["result"]["structuredContent"] == {"result": said}


def test_metrics_and_status_are_those_of_all(server: Served) -> None:
    first, second = server.both()

    def told_by(http: httpx2.Client) -> tuple[float, int]:
        return counted(http, "whoami"), http.get("/status").json()["sources"]["mine"]["calls"]

    calls, told = told_by(first)
    for http in (first, second, second):
        called(http, "whoami")
    assert told_by(first) == told_by(second) == (calls + 3, told + 3)


def test_an_edit_is_heard_and_applied_in_every_worker(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        clients = list(server.both())
        streams = [listening(http) for http in clients]
        streams.append(listening_in_session(*server.both()))
        offered = {"whoami", "dawdle", "long", "confirm", "result_read"}
        assert all(tools_of(http) == offered for http in clients)
        server.settings.write_text(SETTINGS + '[tools.sums]\nkind = "calculator"\n')

        for heard in streams:
            assert heard.wait(15)
        assert all("calculator" in tools_of(http) for http in clients)

        killed = server.workers()[0]
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(set(server.workers()) - {killed}) == 2)
        until(lambda: len({called(server.client(), "whoami") for _ in range(4)}) == 2)
        assert all("calculator" in tools_of(http) for http in server.both())


def listening(http: httpx2.Client) -> threading.Event:
    """Set once a client, which is connected to a worker, hears of other tools."""
    body = request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    content, headers = json.dumps(body), headers_of(body)
    acknowledged, heard = hearing(
        lambda: http.stream("POST", "/mcp", content=content, headers=headers), "acknowledged"
    )
    assert acknowledged.wait(10)
    return heard


def listening_in_session(holder: httpx2.Client, other: httpx2.Client) -> threading.Event:
    """The same in a session that one worker holds, over a connection to the other."""
    opened = holder.post("/mcp", content=legacy("initialize", INITIALIZE), headers=ACCEPT)
    session = {**ACCEPT, "mcp-session-id": opened.headers["mcp-session-id"]}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert other.post("/mcp", json=ready, headers=session).status_code == 202
    begun, heard = hearing(lambda: other.stream("GET", "/mcp", headers=session))
    assert begun.wait(10)
    return heard


def hearing(
    open_stream: Callable[[], AbstractContextManager[httpx2.Response]], begins: str = ""
) -> tuple[threading.Event, threading.Event]:
    """Set once a stream begins, at once or with a line that holds `begins`; once it tells."""
    begun, heard = threading.Event(), threading.Event()

    def listen() -> None:
        with open_stream() as answer:
            assert answer.status_code == 200
            if not begins:
                begun.set()
            for line in answer.iter_lines():
                if begins and begins in line:
                    begun.set()
                if "list_changed" in line:
                    heard.set()
                    return

    threading.Thread(target=listen, daemon=True).start()
    return begun, heard


def test_calls_of_other_workers_go_on_when_one_is_killed(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        victim, other = server.both()
        killed = called(victim, "whoami")
        called(victim, "long", letters=1)
        clients = [server.client() for _ in range(6)]
        others = [http for http in clients if called(http, "whoami") != killed]
        assert others
        # What a worker counted since it was last asked is lost with it.
        until(lambda: counted(other, "long") == 1)
        with calling(others):
            os.kill(killed, signal.SIGKILL)
            until(lambda: len(set(server.workers()) - {killed}) == 2)
            until(lambda: len({called(server.client(), "whoami") for _ in range(4)}) == 2)

        assert counted(other, "long") == 1
        assert "was ended by signal 9; another is started" in server.process.output


@contextmanager
def calling(clients: Iterable[httpx2.Client]) -> Generator[None]:
    """Each calls, again and again, within the block; no call may fail."""
    is_over = threading.Event()

    def load(http: httpx2.Client) -> None:
        while not is_over.is_set():
            called(http, "whoami")

    with ThreadPoolExecutor() as pool:
        loads = [pool.submit(load, http) for http in clients]
        try:
            yield
        finally:
            is_over.set()
        for each in loads:
            each.result(20)


def counted(http: httpx2.Client, tool: str) -> float:
    """How often a tool was called, as the metrics say."""
    text = http.get("/metrics").text
    found = re.search(rf'^toolyard_calls_total{{outcome="ok",tool="{tool}"}} (.*)$', text, re.M)
    return 0.0 if found is None else float(found[1])


def test_calls_in_flight_are_answered_when_the_server_is_told_to_end(tmp_path: Path) -> None:
    with served(tmp_path) as server, ThreadPoolExecutor() as pool:
        first, second = server.both()
        elsewhere = called(second, "whoami")
        third = next(http for http in server.both() if called(http, "whoami") == elsewhere)
        opened = first.post("/mcp", content=legacy("initialize", INITIALIZE), headers=ACCEPT)
        session = {**ACCEPT, "mcp-session-id": opened.headers["mcp-session-id"]}
        passed_on = legacy("tools/call", {"name": "dawdle", "arguments": {"seconds": 2.0}})

        calls = [pool.submit(called, http, "dawdle", seconds=1.0) for http in (first, second)]
        relayed = pool.submit(third.post, "/mcp", content=passed_on, headers=session)
        for _ in range(3):
            server.process.line("begun")
        os.kill(server.pid, signal.SIGTERM)
        pids = [call.result(20) for call in calls]
        answer = messages(relayed.result(20))[-1]["result"]["structuredContent"]["result"]

        assert pids == [answer, elsewhere]
        assert server.process._process.wait(15) == 0


def test_a_second_signal_ends_at_once_what_does_not_end_by_itself(tmp_path: Path) -> None:
    with (
        ThreadPoolExecutor() as pool,
        served(tmp_path, SETTINGS.replace("drain_s = 20", "drain_s = 120")) as server,
    ):
        params = {"name": "dawdle", "arguments": {"seconds": 120.0}}
        calls = [pool.submit(asked, http, "tools/call", **params) for http in server.both()]
        for _ in calls:
            server.process.line("begun")
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: server.process.output.count("stopping; 1 calls have") == 2)
        assert not any(call.done() for call in calls)
        os.kill(server.pid, signal.SIGTERM)

        assert server.process._process.wait(20) == 0
        for call in calls:
            said = call.result(20).json()["result"]["content"][0]["text"]
            assert "stopping and ended 'dawdle'" in said


def test_workers_end_with_who_started_them(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        workers = server.workers()
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not any(map(is_alive, workers)))


def test_workers_share_a_certificate(tmp_path: Path) -> None:
    authority = LocalAuthority()
    authority.server("localhost", tmp_path)
    tls = '[tls]\ncertfile = "localhost.pem"\nkeyfile = "localhost.pem"\n'
    settings = f'host = "localhost"\n{SETTINGS}{tls}'
    with served(tmp_path, settings, authority.trust()) as server:
        assert server.url.startswith("https://localhost:")
        assert {called(http, "whoami") for http in server.both()} == set(server.workers())
        with httpx2.Client(trust_env=False) as plain, pytest.raises(httpx2.TransportError):
            plain.get(server.url.replace("https", "http"))


def test_what_callers_may_do_is_counted_together(tmp_path: Path) -> None:
    with served(tmp_path, f'rate = "20/h"\n{SETTINGS}') as server:
        statuses = list[int]()
        for _ in range(15):
            for http in (server.client(), server.client()):
                statuses.append(asked(http, "tools/list").status_code)
        assert statuses.count(200) == 20
        began = time.monotonic()
        wrong = [
            asked(server.client(f"wrong-{TOKEN}"), "tools/list").status_code for _ in range(24)
        ]
        more = int((time.monotonic() - began) // 3)  # 20 a minute: one for each three seconds
        assert wrong.count(401) in range(20, 21 + more)
        assert wrong.count(401) + wrong.count(429) == 24


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["memory", "--stdio"], "--workers is for HTTP"),
        (["calculator", "--control", "--new-token"], "control changes one process"),
        (["filesystem", "--set", "filesystem.root=nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_had_with_workers_is_refused(
    arguments: list[str], text: str, tmp_path: Path
) -> None:
    port = str(free_port())
    http = [] if "--stdio" in arguments else ["--port", port]
    done = run([COMMAND, "serve", *arguments, "--workers", "2", *http], directory=tmp_path)

    assert done.code == 2
    assert text in done.errors


def test_state_that_each_worker_has_of_its_own_is_named(tmp_path: Path) -> None:
    settings = 'workers = 2\n[tools.notes]\nkind = "memory"\n'
    with served(tmp_path, settings) as server:
        assert "'notes' keeps its keys in the process" in server.process.output
