"""A server over HTTP whose every answer is what the first argument says: `json`, `sse`, `redirect`.

Says its port.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "json": (200, "application/json", b"{{{"),
    "sse": (200, "text/event-stream", b"data: {{{\n\n"),
    "redirect": (307, "text/plain", b""),
}
STATUS, KIND, BODY = ANSWERS[sys.argv[1]]


class Garbage(BaseHTTPRequestHandler):
    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(STATUS)
        self.send_header("Content-Type", KIND)
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("Location", "http://[::1")
        self.end_headers()
        self.wfile.write(BODY)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


with ThreadingHTTPServer(("127.0.0.1", 0), Garbage) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
