"""The playground's server: one page, and one place to ask for trainings, on this machine alone."""

from __future__ import annotations

import json
import secrets
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from justright.errors import DataError, JustrightError
from justright.playground.answers import answer
from justright.playground.door import Door, Refusal
from justright.playground.page import page
from justright.playground.trainer import Trainer
from justright.playground.turns import SupersededError, Turns
from justright.playground.wish import MOST_BYTES, read_wish

HOST = "127.0.0.1"
# Seconds after which a connection that says nothing is closed.
_SILENCE = 30
_LONGEST_SIZE = len(str(MOST_BYTES))
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Playground(ThreadingHTTPServer):
    """Serves the playground on 127.0.0.1.

    Args:
        trainer: that trains.
        port: to listen on; any that is free if 0.

    Raises:
        DataError: a port that cannot be listened on.
    """

    daemon_threads = True

    def __init__(self, trainer: Trainer, port: int = 0) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise DataError(
                f"--port {port}: nothing can listen there ({error}). Leave --port out for one "
                "that is free."
            ) from error
        self.trainer = trainer
        self.turns = Turns()
        self.door = Door(self.server_address[1], secrets.token_urlsafe(24))
        self.page = page().encode()

    @property
    def address(self) -> str:
        """What a browser opens."""
        return self.door.address

    def warm(self) -> threading.Thread:
        """Compile meanwhile; requests wait for it as for any training."""
        thread = threading.Thread(target=self._warm, daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        try:
            with self.turns.turn():
                self.trainer.warm()
        except SupersededError:
            return

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def close(self) -> bool:
        """End what trains, and listen no more; whether nothing trains any more."""
        ended = self.turns.close()
        self.server_close()
        return ended


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Playground
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "justright", ""
    timeout = _SILENCE

    def do_GET(self) -> None:
        if not self._refused():
            self._send(200, "text/html; charset=utf-8", self.server.page)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        if self._refused():
            return
        text = self._body()
        if text is not None:
            status, told = self._trained(text)
            self._tell(status, told)

    def _trained(self, text: bytes) -> tuple[int, dict[str, Any]]:
        """Status and answer. A wish that is well put has 200, though points may not do for it."""
        try:
            wish = read_wish(text)
        except JustrightError as fault:
            return 400, {"error": str(fault)}
        try:
            with self.server.turns.turn() as check:
                return 200, answer(self.server.trainer, wish, check)
        except JustrightError as fault:
            return 200, {"refused": str(fault)}
        except SupersededError:
            return 200, {"superseded": True}
        except Exception as bug:
            traceback.print_exc()
            kind = type(bug).__name__
            return 500, {"error": f"A mistake of justright's ({kind}); the terminal says more."}

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What `http.server` refuses by itself: another method, or no HTTP."""
        del message, explain  # They would repeat what was sent.
        self.request_version = self.protocol_version  # Else there may be no status line.
        self._refuse(Refusal(int(code), "This is no request that the playground takes."))

    def _refused(self) -> bool:
        # Of two hosts none may pass for the other.
        sent = {name: ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        refusal = self.server.door.refusal(self.command, self.path, sent, self.client_address[0])
        if refusal:
            self._refuse(refusal)
        return refusal is not None

    def _body(self) -> bytes | None:
        """What was sent; None where it is refused."""
        size = self.headers.get("Content-Length", "")
        refusal = None
        if self.headers.get_content_type() != "application/json":
            refusal = Refusal(415, "JSON is wanted (Content-Type: application/json).")
        elif not (size.isascii() and size.isdecimal()) or "Transfer-Encoding" in self.headers:
            refusal = Refusal(411, "A Content-Length is wanted.")
        elif len(size) > _LONGEST_SIZE or int(size) > MOST_BYTES:
            refusal = Refusal(413, f"A request has at most {MOST_BYTES} bytes.")
        if refusal:
            self._refuse(refusal)
            return None
        return self.rfile.read(int(size))

    def _refuse(self, refusal: Refusal) -> None:
        # What was sent is not read, so nothing can follow it.
        self.close_connection = True
        self._tell(refusal.status, {"error": refusal.words})

    def _tell(self, status: int, told: dict[str, Any]) -> None:
        text = json.dumps(told, allow_nan=False, separators=(",", ":"))
        self._send(status, "application/json", text.encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any, **__: Any) -> None:
        """Nothing is logged: a line would hold the token."""
