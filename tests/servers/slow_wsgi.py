"""A guide's WSGI program, whose slow requests wait until the test lets them go on."""

from __future__ import annotations

import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

FOLDER = Path(os.environ["FOLDER"])
MODULE, _, NAME = os.environ["APPLICATION"].partition(":")
guide = getattr(import_module(MODULE), NAME)


def app(environ: dict[str, Any], start_response: Any) -> Any:
    number = parse_qs(environ["QUERY_STRING"]).get("n", [""])[0]
    if number.startswith("slow"):
        (FOLDER / f"entered-{number}").touch()
        while not (FOLDER / "released").exists():
            time.sleep(0.005)
    return guide(environ, start_response)
