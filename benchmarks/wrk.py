"""Load by `wrk`, which needs a tenth of the CPU of a client in Python: for where cores are few."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.conversation import Conversation
from benchmarks.server_process import ServerProcess
from benchmarks.wire import WAIT_S, BenchmarkError

_PROGRAM = "wrk"
_SCRIPT = """
request = function() return "{request}" end
done = function(summary, latency)
  local failed = summary.errors
  local errors = failed.status + failed.connect + failed.read + failed.write + failed.timeout
  local told = '{{"calls": %d, "bytes": %d, "s": %f, "errors": %d, "p50_ms": %f, "p99_ms": %f}}'
  io.write(string.format(told, summary.requests, summary.bytes, summary.duration / 1e6, errors,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def lacks_wrk() -> str | None:
    """Why there can be no such load, or None."""
    return None if shutil.which(_PROGRAM) else f"{_PROGRAM} is not installed"


def load(server: ServerProcess, connections: int, seconds: float) -> dict[str, float]:
    """Call as often as possible; gives `rate` in calls per second, `p50_ms` and `p99_ms`.

    Raises:
        BenchmarkError: A call failed or was answered wrongly, or there was no load.
    """
    conversation, call = Conversation(server.port, server.token, "modern"), server.probe
    try:
        conversation.check(call)
        request = conversation.prepare("tools/call", call.params).numbered(next(conversation.ids))
        answer = conversation.connection.exchange(request)
        said = _run(request, server.port, connections, seconds)
        _check(said, len(answer), connections)
        conversation.check(call)
    finally:
        conversation.connection.close()
    return {"rate": said["calls"] / said["s"], "p50_ms": said["p50_ms"], "p99_ms": said["p99_ms"]}


def _check(said: Mapping[str, float], answer_bytes: int, connections: int) -> None:
    """Hold the answers against the one before them, by their lengths: more would take time."""
    if said["errors"]:
        raise BenchmarkError(f"{said['errors']} calls of {said['calls']} failed under load.")
    # The request is always the same, and so is its answer. The last ones may be cut short.
    if abs(said["bytes"] - said["calls"] * answer_bytes) > connections * answer_bytes:
        raise BenchmarkError(f"Not all {said['calls']} calls had the same answer under load.")


def _run(request: bytes, port: int, connections: int, seconds: float) -> dict[str, float]:
    script = _SCRIPT.format(request="".join(f"\\{byte:03d}" for byte in request))
    amount = ("-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", f"--timeout={WAIT_S}s")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        Path(file.name).write_text(script)
        command = (_PROGRAM, *amount, "-s", file.name, f"http://127.0.0.1:{port}")
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 2 * WAIT_S, check=False
        )
    if run.returncode:
        raise BenchmarkError(f"{_PROGRAM} failed: {run.stderr.strip() or run.stdout.strip()}")
    return json.loads(run.stdout.splitlines()[-1])
