"""The faults that the faulty collector can inject into a request."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

from qa.torture.fault_request import response

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.torture.fault_request import Exchange

__all__ = ["FAULTS", "take"]

_SMALL_BODY = 50_000
_PORTAL = b"<html><body>Please sign in to the network</body></html>"


def take(exchange: Exchange) -> None:
    """Take the events and say so: no fault."""
    exchange.accept()
    exchange.send(response(200))


def refuse(exchange: Exchange) -> None:
    """Hang up on who is still connected; the server closes its port meanwhile."""
    exchange.close()


def turn_deaf(exchange: Exchange) -> None:
    """Read nothing until the client has given up."""
    time.sleep(exchange.time_out * 1.2)
    exchange.close()


def stall(exchange: Exchange) -> None:
    """Take the events, and answer when the client has given up."""
    exchange.accept()
    exchange.doubt()
    time.sleep(exchange.time_out * 1.2)
    exchange.send(response(200))
    exchange.close()


def cut_body(exchange: Exchange) -> None:
    """Hang up in mid-body."""
    exchange.read(exchange.random.randrange(exchange.request.length + 1))
    exchange.close()


def cut_answer(exchange: Exchange) -> None:
    """Take the events, and hang up before or in the answer."""
    exchange.accept()
    exchange.doubt()
    answer = response(200)
    exchange.send(answer[: exchange.random.randrange(len(answer))])
    exchange.close()


def answer_early(exchange: Exchange) -> None:
    """Answer in mid-body, and hang up."""
    exchange.read(exchange.request.length // 2)
    exchange.send(response(503, {"Connection": "close"}))
    exchange.close()


def drip(exchange: Exchange) -> None:
    """Read slowly, and answer byte by byte."""
    body = b"".join(_slowly(exchange))
    exchange.accept(body)
    for byte in response(200):
        exchange.send(bytes([byte]))
        time.sleep(0.005)


def _slowly(exchange: Exchange) -> list[bytes]:
    parts = []
    for _ in range(8):
        parts.append(exchange.read(exchange.request.length // 8))
        time.sleep(0.01)
    return parts


def set_cookie(exchange: Exchange) -> None:
    """Take the events, with a cookie that must never come back."""
    exchange.accept()
    exchange.send(response(200, {"Set-Cookie": "sp=someone; Path=/; Max-Age=31536000"}))


def answer_portal(exchange: Exchange) -> None:
    """Take the events, with a page of HTML for an answer."""
    exchange.accept()
    exchange.send(response(200, {"Content-Type": "text/html"}, _PORTAL))


def answer_garbage(exchange: Exchange) -> None:
    """Read the events, and answer with what is no HTTP."""
    exchange.read()
    exchange.send(b"\x00SSH-2.0-Faulty\r\n\xff\r\n")
    exchange.close()


def redirect(exchange: Exchange) -> None:
    """Send a request elsewhere, by a status at which a POST would lose its events."""
    exchange.read()
    status = exchange.random.choice([301, 302, 303])
    _, _, query = exchange.request.target.partition("?")
    location = f"/{exchange.request.client}/elsewhere?{query}"
    exchange.send(response(status, {"Location": location}))


def redirect_whole(exchange: Exchange) -> None:
    """Send a request elsewhere, by a status that keeps it whole, and take it there."""
    if "?" in exchange.request.target:
        take(exchange)
        return
    exchange.read()
    status = exchange.random.choice([307, 308])
    exchange.send(response(status, {"Location": f"{exchange.request.target}?moved"}))


def call_too_large(exchange: Exchange) -> None:
    """Answer 413 to what is not small."""
    if exchange.request.length <= _SMALL_BODY:
        take(exchange)
        return
    exchange.read()
    exchange.send(response(413))


def _answer(status: int) -> Callable[[Exchange], None]:
    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(response(status))

    return answer


def _ask_to_wait(status: int) -> Callable[[Exchange], None]:
    def answer(exchange: Exchange) -> None:
        exchange.read()
        now = time.time()
        retry_after = exchange.random.choice(["1", formatdate(now + 1, usegmt=True)])
        headers = {"Date": formatdate(now, usegmt=True), "Retry-After": retry_after}
        exchange.send(response(status, headers))

    return answer


FAULTS: dict[str, Callable[[Exchange], None]] = {
    "refuses": refuse,
    "deaf": turn_deaf,
    "stalls": stall,
    "cuts body": cut_body,
    "cuts answer": cut_answer,
    "early answer": answer_early,
    "drips": drip,
    "cookie": set_cookie,
    "HTML": answer_portal,
    "garbage": answer_garbage,
    "302": redirect,
    "307": redirect_whole,
    "413": call_too_large,
    "429": _answer(429),
    "500": _answer(500),
    "502": _answer(502),
    "503": _answer(503),
    "504": _answer(504),
    "429 Retry-After": _ask_to_wait(429),
    "503 Retry-After": _ask_to_wait(503),
}
