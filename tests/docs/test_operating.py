"""The page for operators: its commands are typed, its tables are compared with the code."""

import json
import os
import re
import shutil
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.docs.pages import OPERATING
from tests.docs.shell import PORT, shell
from tests.support.missing import missing
from tests.support.process import free_port, run, running

from toolyard.core.context import Event
from toolyard.events.types import CallFinished, ServerStarted
from toolyard.security.refusal import Reason
from toolyard.servers.metrics import Metrics

TOOLYARD = str(Path(sys.executable).parent / "toolyard")
SETTINGS = OPERATING.blocks("toml")
ROW = re.compile(r"^\| `(.+?)` \|(.*)\|$", re.MULTILINE)
ROWS = dict(ROW.findall(OPERATING.text))
"""The rows of all tables, by what stands in the first column."""


def names_in(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def test_the_commands_do_what_they_say(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "Install it with the machine's package manager.")
    (tmp_path / "toolyard.toml").write_text(SETTINGS[0])
    shown: list[str] = []
    with shell(tmp_path) as typing:
        for command in OPERATING.commands:
            if command.startswith("toolyard serve"):
                typing.serves(f"{command} --port {PORT}")
            else:
                shown.append(typing.types(command).strip())

    assert shown[:-2] == ["", "", "ok", "ready", "42"]
    status = json.loads(shown[-2])
    assert status["state"] == status["sources"]["calculator"]["state"] == "ready"
    assert status["sources"]["calculator"]["calls"] == 1
    assert 'toolyard_calls_total{outcome="ok",tool="calculator"} 1.0' in shown[-1]


def put_certificate(directory: Path) -> None:
    """A certificate and its key under the names that the page uses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tools.example.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    signed = builder.sign(key, hashes.SHA256())
    (directory / "server.pem").write_bytes(signed.public_bytes(pem))
    (directory / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.mark.parametrize("text", SETTINGS, ids=range(len(SETTINGS)))
def test_a_server_starts_with_the_settings_as_they_are_shown(text: str, tmp_path: Path) -> None:
    (tmp_path / "toolyard.toml").write_text(text)
    put_certificate(tmp_path)
    new = [TOOLYARD, "token", "new", "--name", "ann", "--scope", "*", "--append", "tokens.jsonl"]
    assert run(new, directory=tmp_path).code == 0

    named = ["--config", "toolyard.toml"]
    command = [TOOLYARD, "serve", *named, "--port", str(free_port()), "--json"]
    path = f"{Path(TOOLYARD).parent}{os.pathsep}{os.environ['PATH']}"
    with running(command, directory=tmp_path, environment={"PATH": path}) as server:
        line = server.line('"url"')

    assert ("https://" in line) == ("[tls]" in text)


def test_every_metric_stands_there_with_its_labels() -> None:
    metrics = Metrics(lambda: 0)
    metrics.finished("add", "ok", 0.1)
    metrics.refused("token")
    shown = metrics.text().decode()
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", shown, re.MULTILINE))
    exposed = {name: kind for name, kind in types.items() if not name.endswith("_created")}

    rows = {name: row for name, row in ROWS.items() if name.startswith("toolyard_")}
    assert {name: row.split("|")[0].strip() for name, row in rows.items()} == exposed
    for name, row in rows.items():
        (labels,) = set(re.findall(rf"^{name}(?:_sum)?(?:\{{(.*)\}})? ", shown, re.MULTILINE))
        assert set(names_in(row)) == set(re.findall(r"(\w+)=", labels))


def test_every_reason_of_a_refusal_stands_there() -> None:
    assert set(get_args(Reason)) <= set(ROWS)


def test_every_event_stands_there_with_its_fields() -> None:
    events = {event.__name__: event for event in Event.__subclasses__()}
    assert {ServerStarted.__name__, CallFinished.__name__} <= set(events)

    for name, event in events.items():
        if event.__module__ == ServerStarted.__module__:
            assert names_in(ROWS[name]) == [field.name for field in fields(event)]
