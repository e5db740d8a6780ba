"""A guide's ASGI program, whose slow requests wait until the test lets them go on."""

from __future__ import annotations

import asyncio
import os
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

FOLDER = Path(os.environ["FOLDER"])
MODULE, _, NAME = os.environ["APPLICATION"].partition(":")
guide = getattr(import_module(MODULE), NAME)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    number = parse_qs(scope.get("query_string", b"")).get(b"n", [b""])[0].decode()
    if number.startswith("slow"):
        (FOLDER / f"entered-{number}").touch()
        while not (FOLDER / "released").exists():  # noqa: ASYNC110 - set by a process
            await asyncio.sleep(0.005)
    await guide(scope, receive, send)
