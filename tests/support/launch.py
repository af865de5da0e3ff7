"""Has a nursery start a program with the standard streams of this process; ends as it ends.

Run as `python -I -S tests/support/launch.py SOCKET FILE ...`. It imports next to nothing.
"""

import json
import socket
import sys


def main(place: str, *words: str) -> int:
    """The exit code of the program; 1 if it was killed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        socket.send_fds(connection, [json.dumps(words).encode()], [0, 1, 2])
        with connection.makefile() as report:
            report.readline()  # its number
            code = int(report.readline())
    return 1 if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
