"""A process that has loaded what `client.py` imports, and becomes it in a fork for each scenario.

Run as `python -m tests.conformance.loaded SOCKET`; `launch.py` is the command that asks it. To
import everything is most of what a client costs, and the suite starts all its clients at once.
"""

import json
import os
import runpy
import signal
import socket
import sys
import traceback
from pathlib import Path

from tests.conformance import client

EXITED = b"%d\n"


def become(order: str, streams: list[int]) -> int:
    """The exit code of a client that was ordered with its arguments and its environment."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    told = json.loads(order)
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = [str(client.__file__), *told["arguments"]]
    try:
        runpy.run_path(str(client.__file__), run_name="__main__")
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def fork(connection: socket.socket) -> None:
    """Leave `connection` to a child, which says its exit code on it."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    order = connection.makefile().readline()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.send(EXITED % become(order, streams))
        os._exit(0)
    for stream in streams:
        os.close(stream)


def main(place: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(100)
        print(f"Listening at {Path(place).name}.", flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                fork(connection)


if __name__ == "__main__":
    main(sys.argv[1])
