"""A venue's REST interface on loopback HTTP, in a thread: serves candles and, when told to, misbehaves.

Each request takes the next of `faults`; none is proper service. The `Date` header is the venue's clock.
"""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple

Rows = list[object]


class Status(NamedTuple):
    """Answer with a status instead of rows."""

    code: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}


class Edit(NamedTuple):
    """Answer with the rows as this function leaves them."""

    change: Callable[[Rows], Rows]


class Body(NamedTuple):
    """Answer 200 with these bytes."""

    body: bytes


class Silence(NamedTuple):
    """Never answer."""


Fault = Status | Edit | Body | Silence | None


class CandleServer(ABC):
    """Serves while it is entered; `requests` are the ones that came."""

    def __init__(self, first_ms: int, now_ms: Callable[[], int]) -> None:
        self.first_ms = first_ms
        self.now_ms = now_ms
        self.faults: list[Fault] = []
        self.requests: list[dict[str, object]] = []
        self.headers: dict[str, str] = {}
        self.silent = threading.Event()
        """Set once a request is left without an answer."""
        self._ended = threading.Event()

    @abstractmethod
    def parse(self, method: str, path: str, body: bytes) -> dict[str, object]:
        """Return a request's parameters."""

    @abstractmethod
    def rows(self, request: dict[str, object]) -> Rows | Status:
        """Return the candles a request is for."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> CandleServer:
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, body: bytes) -> Status | None:
        """Return what to send, or None to send nothing at all."""
        request = self.parse(method, path, body)
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else None
        match fault:
            case Status():
                return fault
            case Silence():
                self.silent.set()
                self._ended.wait()
                return None
            case Body():
                return Status(200, fault.body)
        rows = self.rows(request)
        if isinstance(rows, Status):
            return rows
        changed = fault.change(rows) if isinstance(fault, Edit) else rows
        return Status(200, json.dumps(changed).encode(), self.headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left is no error here."""


def _handler_of(server: CandleServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply("GET", b"")

        def do_POST(self) -> None:
            self._reply("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def _reply(self, method: str, body: bytes) -> None:
            answer = server.answer(method, self.path, body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(server.now_ms() / 1000, usegmt=True)

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    return Handler
