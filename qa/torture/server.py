"""The faulty collector, which runs in its own process.

    python -m qa.torture.server '{"ledger": "FILE", "seed": 1, "every": 20000, "seconds": 1}'

It prints its port, obeys `calm` on standard input and says so, and in the end what it counted.
"""

# ruff: noqa: T201  # its output is its answer

from __future__ import annotations

import json
import random
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from qa.torture.fault_request import Exchange, Request, read_request
from qa.torture.faults import FAULTS, take
from qa.torture.ledger import Ledger
from qa.torture.storms import Storms

__all__ = ["Server"]

# Below those that the system gives to clients, where another socket could take the port of a
# server that refuses for a while, or a client's own attempt to connect could meet itself.
_PORTS = range(18_000, 32_000)


class Server:
    """Takes events over HTTP, but for what the storms do.

    Args:
        plan: `seed`; `ledger`, a path or None; `every`, `seconds` and `kinds` of the storms;
            `time_out`, that of the clients; `certificate`, a file of certificate and key.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.ledger = Ledger(Path(plan["ledger"]) if plan.get("ledger") else None)
        kinds, seed = plan.get("kinds", []), plan["seed"]
        every, seconds = plan.get("every", 0), plan.get("seconds", 1.0)
        self.storms = Storms(self.ledger, seed, every, seconds, kinds)
        self._time_out: float = plan.get("time_out", 2.0)
        self._random = random.Random(seed)
        self._tls = _tls(plan["certificate"]) if plan.get("certificate") else None
        self._ended = threading.Event()
        self._listener = self._listen_anywhere()
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take connections until ended, but while a storm refuses them."""
        while True:
            self._take_connections()
            while self.storms.refuse() and not self._ended.wait(0.01):
                pass
            if self._ended.is_set():
                return
            self._listener = _listen(self.port)

    def end(self) -> None:
        """Have `serve` return."""
        self._ended.set()

    def _listen_anywhere(self) -> socket.socket:
        for port in random.Random().sample(_PORTS, 100):
            with suppress(OSError):
                return _listen(port)
        raise OSError("no free port in a hundred tries")

    def _take_connections(self) -> None:
        with self._listener as listener:
            while not (self._ended.is_set() or self.storms.refuse()):
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(60)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._answer_all(connection if self._tls is None else self._wrap(connection))
            except OSError:  # the client has gone: its business
                return

    def _wrap(self, connection: socket.socket) -> socket.socket:
        assert self._tls is not None
        return self._tls.wrap_socket(connection, server_side=True)

    def _answer_all(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while (request := read_request(reader)) is not None:
                exchange = self._exchange(connection, reader, request)
                self._meet(exchange)
                if exchange.is_over:
                    return

    def _exchange(self, connection: socket.socket, reader: Any, request: Request) -> Exchange:
        chance = random.Random(self._random.random())
        return Exchange(connection, reader, request, self.ledger, self._time_out, chance)

    def _meet(self, exchange: Exchange) -> None:
        fault = self.storms.fault()
        if fault is None:
            take(exchange)
            return
        self.ledger.meet(fault)
        FAULTS[fault](exchange)


def _listen(port: int) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    listener.settimeout(0.02)
    return listener


def _tls(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def main() -> None:
    """Serve until standard input ends, as it does when who started this ends."""
    server = Server(json.loads(sys.argv[1]))
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.port, flush=True)
    for line in sys.stdin:
        if line.strip() == "calm":
            server.storms.end()
            print("calm", flush=True)
    server.end()
    time.sleep(0.05)
    print(json.dumps({**server.ledger.summary(), "storms": server.storms.count}), flush=True)


if __name__ == "__main__":
    main()
