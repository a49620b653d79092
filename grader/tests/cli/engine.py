"""A container engine that a test makes up: the few calls of its API that the doctor makes, on a socket of its own."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = {"Version": "29.1.3", "ApiVersion": "1.52", "MinAPIVersion": "1.44"}


@contextmanager
def engine(socket: Path, *images: str) -> Iterator[str]:
    """Run an engine that has these images, and no containers; give what DOCKER_HOST is to be."""
    listed = [{"Id": f"sha256:{number:064x}", "RepoTags": [name]} for number, name in enumerate(images)]
    answers: dict[str, object] = {"/version": VERSION, "/images/json": listed, "/containers/json": []}
    for one, name in zip(listed, images, strict=True):
        answers[f"/images/{one['Id']}/json"] = one
        answers[f"/images/{name}/json"] = one

    class Call(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = re.sub(r"^/v\d+\.\d+|\?.*$", "", self.path)
            known = path in answers
            body = json.dumps(answers.get(path, {"message": f"no such call: {path}"})).encode()
            self.send_response(200 if known else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

        def address_string(self) -> str:
            return "the doctor"  # at a Unix socket nobody has an address

    with ThreadingUnixStreamServer(str(socket), Call) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"unix://{socket}"
        finally:
            server.shutdown()
            serving.join()
