"""Exits with 0 if the server in this container is ready, else with 1.

It needs nothing but the standard library, and no variable such as `http_proxy` leads it astray.
"""

import http.client
import os
import sys

TIMEOUT_S = 3


def is_ready(port: int) -> bool:
    """Whether what listens on `port` of this machine says that it takes calls."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_ready(int(os.environ.get("TOOLYARD_PORT", "8080"))) else 1)
