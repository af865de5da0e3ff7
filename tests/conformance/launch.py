"""Starts the client in the process of `loaded.py`, and ends as it ends.

Run as `python tests/conformance/launch.py SOCKET URL`. It imports next to nothing.
"""

import json
import os
import socket
import sys


def main(place: str, *arguments: str) -> int:
    """The exit code of the client; 1 if it was killed."""
    order = {"arguments": arguments, "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        socket.send_fds(connection, [b" "], [0, 1, 2])
        connection.sendall(json.dumps(order).encode() + b"\n")
        return int(connection.makefile().readline() or 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
